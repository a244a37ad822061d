import { describe, expect, it } from 'vitest';
import { attacks } from './attacks.ts';
import { kernelNodes } from './nodes.ts';

describe('with a kernel', () => {
  it.each(attacks)('$by $does, in vain', async ({ run, onKernel }) => {
    expect(await run(kernelNodes)).toEqual(onKernel);
  });
});
