import { describe, expect, it } from 'vitest';
import { groupAttacks } from './group-attacks.ts';
import { kernelNodes } from './nodes.ts';

describe('with a kernel', () => {
  it.each(groupAttacks)('$by $does, in vain', async ({ run, onKernel }) => {
    expect(await run(kernelNodes)).toEqual(onKernel);
  });
});
