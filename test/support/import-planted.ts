import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';

const root = join(import.meta.dirname, '../..');

/** A mistake in the code. `from` occurs once in the file. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Imports a module with these mistakes in the code that it runs. Rejects if the code to replace is not there exactly once. */
export async function importPlanted<T>(file: string, changes: readonly Change[]): Promise<T> {
  const changed = new Map<string, string>();
  for (const { file, from, to } of changes) {
    const path = join(root, file);
    const source = changed.get(path) ?? readFileSync(path, 'utf8');
    if (source.split(from).length !== 2) throw new Error(`Not exactly once in ${file}: ${from}`);
    changed.set(
      path,
      source.replace(from, () => to),
    );
  }
  const { module } = await runnerImport<T>(join(root, file), {
    root,
    plugins: [{ name: 'plant', enforce: 'pre', transform: (_, id) => changed.get(id) }],
  });
  return module;
}
