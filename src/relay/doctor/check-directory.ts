import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkLock } from '../database/directory-lock.ts';
import { findForeignFile, hasVersionFile } from '../database/storage-directory.ts';
import { fine, wrong, type Finding } from './finding.ts';

export interface DirectoryReport {
  readonly findings: readonly Finding[];
  /** A database exists and no process is using it. */
  readonly isFree: boolean;
  /** When the database was last written to, in ms since the Unix epoch. */
  readonly touchedAtMs?: number;
}

const minFreeBytes = 100_000_000;

/** If a relay answers on the port (`isRelayRunning`), a lock is expected. */
export async function checkDirectory(directory: string, isRelayRunning: boolean): Promise<DirectoryReport> {
  const found = await statOf(directory);
  if (!found) {
    const parent = await existingAncestor(directory);
    if (!(await isWritable(parent))) {
      const text = `${directory} does not exist, and this user is not allowed to create it in ${parent}. Create it, and grant access to the user that runs the relay.`;
      return { findings: [wrong('directory', text)], isFree: false };
    }
    const text = `${directory} does not exist yet. The first start creates it with an empty database.`;
    return { findings: [fine('directory', text), await checkSpace(parent)], isFree: false };
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
  const space = await checkSpace(directory);
  const postgres = join(directory, 'postgres');
  if ((await statOf(postgres)) && !(await hasVersionFile(postgres))) {
    const text = `The database in ${postgres} is incomplete. Restore a backup.`;
    return { findings: [wrong('directory', text), space], isFree: false };
  }
  const database = await statOf(join(postgres, 'global', 'pg_control'));
  const touched = database && { touchedAtMs: database.mtimeMs };
  const lock = await checkLock(directory);
  if (lock === 'held') {
    const finding = isRelayRunning
      ? fine('directory', `${directory} is in use by a running relay.`)
      : wrong(
          'directory',
          `${directory} is in use by another relay. Stop that relay, or give this one its own directory.`,
        );
    return { findings: [finding, space], isFree: false, ...touched };
  }
  if (lock === 'unknown') {
    const text = `${directory} has a lock from another machine, or from before this machine rebooted. At startup, the relay watches the lock for 10 s and replaces it if it is not renewed.`;
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
    ...touched,
  };
}

async function checkSpace(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const megabytes = `${Math.floor((bavail * bsize) / 1_000_000).toLocaleString('en')} MB`;
  return bavail * bsize >= minFreeBytes
    ? fine('directory', `The disk has ${megabytes} free.`)
    : wrong(
        'directory',
        `The disk has only ${megabytes} free, but the relay needs 100 MB. Free some space on it.`,
      );
}

async function existingAncestor(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await statOf(parent)) ? parent : existingAncestor(parent);
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Undefined if the path does not exist or this user has no access. */
async function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
