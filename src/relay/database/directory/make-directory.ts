import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './has-code.ts';

/**
 * Creates a directory for this user alone, and its parents, unless something is there. `mkdir` with `recursive` tries forever
 * in /proc, which takes no new directories.
 */
export async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  try {
    await make();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}
