import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { checkLock } from '../database/directory/directory-lock.ts';
import { findGeneration } from '../database/directory/generations.ts';
import { defaultDiskReserveMB } from '../database/upkeep/disk-space.ts';
import { findForeignFile, hasVersionFile } from '../database/storage-directory.ts';
import { fine, wrong, type Finding } from './finding.ts';
import { existingAncestor, isWritable, statOf } from './paths.ts';

export interface DirectoryReport {
  readonly findings: readonly Finding[];
  /** A database exists and no process is using it. */
  readonly isFree: boolean;
  /** No process uses the directory, whether or not it exists. */
  readonly isUnused?: true;
  /** When the database was last written to, in ms since the Unix epoch. */
  readonly touchedAtMs?: number;
}

/** What creating a database takes, and what it needs besides. */
const databaseMB = 100;

/** If a relay answers on the port (`isRelayRunning`), a lock is expected. */
export async function checkDirectory(
  directory: string,
  isRelayRunning: boolean,
  reserveMB = defaultDiskReserveMB,
): Promise<DirectoryReport> {
  const minFreeMB = Math.max(reserveMB, databaseMB);
  const found = await statOf(directory);
  if (!found) {
    const parent = await existingAncestor(directory);
    if (!(await isWritable(parent))) {
      const text = `${directory} does not exist, and this user is not allowed to create it in ${parent}. Create it, and grant access to the user that runs the relay.`;
      return { findings: [wrong('directory', text)], isFree: false };
    }
    const text = `${directory} does not exist yet. The first start creates it with an empty database.`;
    const space = await checkSpace(parent, minFreeMB);
    return { findings: [fine('directory', text), space], isFree: false, isUnused: true };
  }
  if (!found.isDirectory() || !(await isWritable(directory))) {
    const text = `${directory} is not a directory that this user may write to. Grant write access to the user that runs the relay, or choose another directory with --storage.`;
    return { findings: [wrong('directory', text)], isFree: false };
  }
  const foreign = await findForeignFile(directory);
  if (foreign !== undefined) {
    const text = `${directory} contains other files, such as ${foreign}. Choose an empty directory, or one that does not exist yet.`;
    return { findings: [wrong('directory', text)], isFree: false };
  }
  const space = await checkSpace(directory, minFreeMB);
  const postgres = await findDatabase(directory);
  if (postgres instanceof Error) {
    return { findings: [wrong('directory', postgres.message), space], isFree: false };
  }
  if (postgres !== undefined && !postgres.isComplete) {
    const text = `The database in ${postgres.path} is incomplete. Restore a backup.`;
    return { findings: [wrong('directory', text), space], isFree: false };
  }
  const database =
    postgres === undefined ? undefined : await statOf(join(postgres.path, 'global', 'pg_control'));
  const touched = database && { touchedAtMs: database.mtimeMs };
  const lock = await checkLock(directory);
  if (lock === 'held') {
    const finding = isRelayRunning
      ? fine('directory', `${directory} is in use by a running relay.`)
      : wrong(
          'directory',
          `${directory} is in use by another relay. Stop that relay, or use another directory.`,
        );
    return { findings: [finding, space], isFree: false, ...touched };
  }
  if (lock !== 'free') {
    const text = `${directory} has a lock from another machine, or from before this machine rebooted. At startup, the relay watches the lock for 30 s. If it is not renewed, the relay replaces it, and continues on a copy of the database, which needs as much space as the database. If no other relay uses the directory, you can delete the lock instead.`;
    return { findings: [fine('directory', text), space], isFree: false, ...touched };
  }
  const mode =
    (found.mode & 0o077) === 0
      ? ''
      : ' Other users can currently read it; the relay restricts access when it starts.';
  const content = database ? 'contains a database' : 'is empty; the first start creates a database';
  return {
    findings: [fine('directory', `${directory} ${content}. It is not in use.${mode}`), space],
    isFree: database !== undefined,
    isUnused: true,
    ...touched,
  };
}

async function findDatabase(
  directory: string,
): Promise<{ readonly path: string; readonly isComplete: boolean } | KernelError | undefined> {
  try {
    const found = await findGeneration(directory);
    return found && { path: found.path, isComplete: await hasVersionFile(found.path) };
  } catch (error) {
    if (isKernelError(error)) return error;
    throw error;
  }
}

async function checkSpace(path: string, minFreeMB: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const megabytes = `${Math.floor((bavail * bsize) / 1_000_000).toLocaleString('en')} MB`;
  return bavail * bsize >= minFreeMB * 1_000_000
    ? fine('directory', `The disk has ${megabytes} free.`)
    : wrong(
        'directory',
        `The disk has only ${megabytes} free, but the relay accepts content only above ${minFreeMB} MB. Free some space on it.`,
      );
}
