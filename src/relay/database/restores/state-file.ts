import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../../base/record.ts';
import { hasCode } from '../directory/has-code.ts';
import { makeDirectory } from '../directory/make-directory.ts';
import { randomName } from '../random-name.ts';
import type { StorageMark } from './storage-marks.ts';

/** What a relay remembers of a storage outside that storage. */
export interface RememberedState {
  /** How often relays had renewed the epoch. */
  readonly renewals: number;
  readonly mark: StorageMark;
}

/** Undefined if there is no such file, or if it is damaged. */
export async function readStateFile(
  directory: string,
  storageID: string,
): Promise<RememberedState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(pathOf(directory, storageID), 'utf8'));
    return isState(state) ? state : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Makes the directory. Rejects if nothing can be written there. */
export async function prepareStateDirectory(directory: string): Promise<void> {
  await makeDirectory(directory);
  // A full disk shows only when something is written.
  const path = join(directory, randomName());
  await writeFile(path, 'x', { mode: 0o600, flush: true }).finally(() => rm(path, { force: true }));
}

/** Replaces the file as a whole, on the disk. Relays that share the directory may write at the same time. */
export async function writeStateFile(
  directory: string,
  storageID: string,
  state: RememberedState,
): Promise<void> {
  await makeDirectory(directory);
  const path = pathOf(directory, storageID);
  const temporary = `${path}.${randomName()}`;
  await writeFile(temporary, JSON.stringify(state), { mode: 0o600, flush: true });
  await rename(temporary, path);
  // A power failure must not take the new name of the file. Windows opens no directories.
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function pathOf(directory: string, storageID: string): string {
  // An ID is base64url, but it comes from a database that others may write to.
  return join(directory, `${storageID.replaceAll(/[^\w-]/g, '')}.json`);
}

function isState(value: unknown): value is RememberedState {
  if (!isRecord(value) || !isRecord(value.mark)) return false;
  const { number, name } = value.mark;
  return Number.isSafeInteger(value.renewals) && Number.isSafeInteger(number) && typeof name === 'string';
}
