import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, 'boards');
const react = ['@MaiaOS/kernel/react', 'react', 'react-dom/client'];
/** What each board imports, besides `@MaiaOS/kernel` and `fractional-indexing`. */
const boards = {
  react: ['@MaiaOS/kernel/cojson', ...react],
  svelte: ['@MaiaOS/kernel/cojson', 'svelte', 'svelte/store'],
  vue: ['@MaiaOS/kernel/cojson', '@MaiaOS/kernel/vue', 'vue'],
  jazz: ['@MaiaOS/kernel/jazz', ...react, 'jazz-tools', 'jazz-tools/react-core'],
};

/** All code of a board, by path: its own, and what it shares with others. */
function filesOf(board: string): string[] {
  const own = readdirSync(join(folder, board))
    .filter((name) => /\.(tsx?|svelte|vue)$/.test(name))
    .map((name) => join(board, name));
  const shared = readdirSync(folder).filter((name) =>
    own.some((file) => read(file).includes(` from '../${name}'`)),
  );
  return [...own, ...shared];
}
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const linesOf = (name: string) => read(name).split('\n').length - 1;

describe.each(Object.entries(boards))('the kanban board in %s, as an example', (board, own) => {
  const files = filesOf(board);

  it('has at most 160 lines, as Prettier formats them', async () => {
    for (const name of files) {
      const options = await resolveConfig(join(folder, name));
      expect(await check(read(name), { ...options, filepath: name })).toBe(true);
    }
    expect(files.some((name) => /main\.tsx?$/.test(name))).toBe(true);
    expect(files.reduce((sum, name) => sum + linesOf(name), 0)).toBeLessThanOrEqual(160);
  });

  it('has no file of glue, and imports only public names and what a board needs', () => {
    const imported = files.flatMap((name) =>
      [...read(name).matchAll(/ from '([^']+)'/g)].map(([, from = '']) => from),
    );
    const packages = imported.filter((from) => !from.startsWith('.'));
    expect(new Set(packages)).toEqual(new Set(['@MaiaOS/kernel', 'fractional-indexing', ...own]));
    // Of cojson, only types.
    for (const name of files) expect(read(name)).not.toMatch(/^\s*import (?!type).*kernel\/cojson'/m);
  });
});
