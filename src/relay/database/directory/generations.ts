import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createKernelError } from '../../../base/kernel-error.ts';
import { openPGliteDatabase } from '../pglite-database.ts';

/**
 * The database in a storage directory. A relay that takes the directory over from one that may still run on another machine
 * copies the database to a new generation, which that one does not write to.
 */
export interface Generation {
  readonly path: string;
  /** The number of the lock under which the copy was made; 0 for a database that is no copy. */
  readonly number: number;
}

const generationForm = /^postgres(?:\.(\d+))?$/;

/** Undefined if there is no database yet. Throws RELAY_STORAGE_FAILED if there are several. */
export async function findGeneration(directory: string): Promise<Generation | undefined> {
  const names = (await readdir(directory)).filter((name) => generationForm.test(name)).sort();
  if (names.length > 1) throw several(directory, names);
  const [name] = names;
  if (name === undefined) return undefined;
  return { path: join(directory, name), number: Number(generationForm.exec(name)?.[1] ?? 0) };
}

export function generationPath(directory: string, number: number): string {
  return join(directory, number === 0 ? 'postgres' : `postgres.${number}`);
}

/**
 * Copies the database to a new generation, while the process that used it may still write to it, and removes the old one. Of
 * an attempt that fails, only the old one stays; of one that is killed at its end, both may, and then `findGeneration` throws.
 */
export async function copyGeneration(directory: string, from: string, number: number): Promise<string> {
  const to = generationPath(directory, number);
  const temporary = temporaryPath(directory);
  const replaced = temporaryPath(directory);
  await removeTemporary(directory);
  try {
    await copyDatabase(from, temporary);
    // Recovers the copy, which shows that it is complete.
    await (await openPGliteDatabase(temporary)).close();
  } catch (cause) {
    await removeTemporary(directory);
    throw notCopied(directory, from, number, cause);
  }
  await rename(temporary, to);
  await rename(from, replaced);
  await removeTemporary(directory);
  return to;
}

/** PostgreSQL's recovery repairs what a transaction changed during the copy, as after a crash, but not what a checkpoint did. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const control = join(from, 'global', 'pg_control');
  const log = join(from, 'pg_wal');
  for (;;) {
    const before = await readFile(control);
    await rm(to, { recursive: true, force: true });
    await copy(from, to, (path) => path !== log);
    // Last, so that it covers all pages in the copy.
    await copy(log, join(to, 'pg_wal'));
    if (before.equals(await readFile(control))) return;
  }
}

function copy(from: string, to: string, filter: (path: string) => boolean = () => true): Promise<void> {
  // Some file systems share the blocks of a copy, which then costs neither time nor space.
  return cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE, filter });
}

const temporaryPrefix = 'unfinished-';

function temporaryPath(directory: string): string {
  return join(directory, temporaryPrefix + randomBytes(6).toString('hex'));
}

async function removeTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    await rm(join(directory, name), { recursive: true, force: true, maxRetries: 10 });
  }
}

function notCopied(directory: string, from: string, number: number, cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The relay could not copy the database in ${from}: ${reason}. It needs a copy because the last relay there may still run on another machine. Make room for the copy. Or make sure that no other relay uses ${directory}, delete lock.${number} there, and start again.`,
    { cause },
  );
}

function several(directory: string, names: readonly string[]) {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `There are several databases in ${directory}: ${names.join(', ')}. Nothing was changed. Keep the one that the relay should use, and move the others elsewhere.`,
  );
}
