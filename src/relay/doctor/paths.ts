import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function existingAncestor(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await statOf(parent)) ? parent : existingAncestor(parent);
}

/** Whether this user may list and change the directory. */
export async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Undefined if the path does not exist or this user has no access. */
export async function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
