import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lookAtLock } from '../database/directory-lock.ts';
import { findForeignFile, hasVersionFile } from '../database/storage-directory.ts';
import { fine, wrong, type Finding } from './finding.ts';

export interface DirectoryReport {
  readonly findings: readonly Finding[];
  /** A database is there, and nobody uses it. */
  readonly isFree: boolean;
  /** When the database was last written to, in ms since the Unix epoch. */
  readonly touchedAtMs?: number;
}

const neededBytes = 100_000_000;

/** `isRelayRunning` where one answers on the port: then a lock is nothing to wonder about. */
export async function checkDirectory(directory: string, isRelayRunning: boolean): Promise<DirectoryReport> {
  const found = await statOf(directory);
  if (!found) {
    const parent = await existingAncestor(directory);
    if (!(await isWritable(parent))) {
      const text = `${directory} is not there, and this user may not make it in ${parent}. Make it and give it to the user that runs the relay.`;
      return { findings: [wrong('directory', text)], isFree: false };
    }
    const text = `${directory} is not there yet. The first start makes it, with an empty database.`;
    return { findings: [fine('directory', text), await checkSpace(parent)], isFree: false };
  }
  if (!found.isDirectory() || !(await isWritable(directory))) {
    const text = `${directory} is not a directory that this user may write to. Give it to the user that runs the relay, or name another with --storage.`;
    return { findings: [wrong('directory', text)], isFree: false };
  }
  const foreign = await findForeignFile(directory);
  if (foreign !== undefined) {
    const text = `${directory} holds other files, ${foreign} for one. Name an empty directory, or one that is not there yet.`;
    return { findings: [wrong('directory', text)], isFree: false };
  }
  const space = await checkSpace(directory);
  const postgres = join(directory, 'postgres');
  if ((await statOf(postgres)) && !(await hasVersionFile(postgres))) {
    const text = `The database in ${postgres} is not whole. Put a backup in its place.`;
    return { findings: [wrong('directory', text), space], isFree: false };
  }
  const database = await statOf(join(postgres, 'global', 'pg_control'));
  const touched = database && { touchedAtMs: database.mtimeMs };
  const lock = await lookAtLock(directory);
  if (lock === 'held') {
    const finding = isRelayRunning
      ? fine('directory', `${directory} is in use by a running relay.`)
      : wrong(
          'directory',
          `${directory} is in use by another relay. Stop that one, or give this one a directory of its own.`,
        );
    return { findings: [finding, space], isFree: false, ...touched };
  }
  if (lock === 'unknown') {
    const text = `${directory} has the lock of a relay on another machine, or before a restart of this one. A start watches it for 10 s, and takes it over if nothing touches it.`;
    return { findings: [fine('directory', text), space], isFree: false, ...touched };
  }
  const mode = (found.mode & 0o077) === 0 ? '' : ' Others may read it at present: a start takes that away.';
  const content = database ? 'holds a database' : 'is empty; the first start makes a database';
  return {
    findings: [fine('directory', `${directory} ${content}, and is free to use.${mode}`), space],
    isFree: database !== undefined,
    ...touched,
  };
}

async function checkSpace(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path);
  const megabytes = `${Math.floor((bavail * bsize) / 1_000_000).toLocaleString('en')} MB`;
  return bavail * bsize >= neededBytes
    ? fine('directory', `The disk has ${megabytes} free.`)
    : wrong('directory', `The disk has only ${megabytes} free, and the relay needs 100. Make room on it.`);
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

/** Undefined where nothing is there, or this user may not look. */
async function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
