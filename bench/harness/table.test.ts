import { describe, expect, it } from 'vitest';
import type { Results } from './results.ts';
import { replaceTable } from './table.ts';

const results: Results = {
  date: '2026-11-20',
  commit: 'abc',
  machine: { cpu: 'a cpu', cores: 2, memoryGiB: 4, os: 'an OS', node: '20.20.2', versions: { ws: '8' } },
  lines: [
    {
      suite: 'relay',
      name: 'edit to other client',
      unit: 'ms',
      ours: 1,
      peer: 2,
      peerName: 'a peer',
      ratio: 2,
      rounds: 5,
      oursSpread: [0.5, 1.5],
      peerSpread: [2, 3],
      reading: 'Lower is better.',
      goal: { ratioAtLeast: 2.5 },
      isMet: false,
    },
    {
      suite: 'relay',
      name: 'edit to other client',
      unit: 'ms',
      ours: 1,
      peer: 3,
      peerName: 'another',
      ratio: 3,
      rounds: 5,
      oursSpread: [0.5, 1.5],
      peerSpread: [3, 4],
      reading: 'Lower is better.',
    },
  ],
};
const page = (between: string) =>
  `Before.\n\n<!-- results: written by npm run bench -->${between}<!-- end of results -->\n\nAfter.\n`;

describe('replaceTable', () => {
  it('writes between the markers and leaves the rest as it is', () => {
    const written = replaceTable(page('\n\nold\n\n'), results);
    expect(written).toMatch(/^Before\.\n/);
    expect(written).toMatch(/\nAfter\.\n$/);
    expect(written).not.toContain('old');
    expect(written).toContain('| what | unit | ours | a peer | another | goal |');
    expect(written).toContain(
      '| edit to other client | ms | 1 (0.5 – 1.5) | 2 (2 – 3); ×2 | 3 (3 – 4); ×3 | ratio ≥ 2.5 to a peer, **missed** |',
    );
    expect(written).toContain('- **edit to other client**: Lower is better.');
  });

  it('gives the same when it is done again', () => {
    const once = replaceTable(page(''), results);
    expect(replaceTable(once, results)).toBe(once);
  });

  it('refuses a page without the place', () => {
    expect(() => replaceTable('Nothing here.', results)).toThrow('needs the lines');
  });
});
