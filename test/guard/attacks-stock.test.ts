import { describe, expect, it } from 'vitest';
import { attacks } from './attacks.ts';
import { stockNodes } from './nodes.ts';

// A separate file, because the kernel's rules change all nodes of a process.
describe('with stock cojson', () => {
  it.each(attacks)('$by $does', async ({ run, onStock }) => {
    expect(await run(stockNodes)).toEqual(onStock);
  });
});
