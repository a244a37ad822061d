import { describe, expect, it } from 'vitest';
import { groupAttacks } from './group-attacks.ts';
import { stockNodes } from './nodes.ts';

// In a file of its own, because the kernel's rules change all nodes of a process.
describe('with stock cojson', () => {
  it.each(groupAttacks)('$by $does', async ({ run, onStock }) => {
    expect(await run(stockNodes)).toEqual(onStock);
  });
});
