import { open, rename, rm } from 'node:fs/promises';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Database } from '../database/database.ts';
import { findMissingRows } from '../database/missing-rows.ts';
import { prepareSchema } from '../database/schema.ts';
import { exportLines, type Summary } from './export-file.ts';
import { partOf, type Progress } from './progress-bar.ts';
import { openExportFile } from './read-export-file.ts';
import { countRows } from './tables.ts';
import { codeOf } from './unfit-file.ts';

const bytesPerWrite = 1_000_000;

/** Exports a snapshot to `FILE.unfinished`, replacing a leftover one, and renames it once it is complete and verified. */
export async function exportStorage(database: Database, file: string, progress: Progress): Promise<Summary> {
  await prepareSchema(database);
  const unfinished = `${file}.unfinished`;
  try {
    // Delete instead of truncating: a running export would keep writing to this file.
    await rm(unfinished, { force: true });
    const written = await write(database, unfinished, partOf(progress, 0, 0.75));
    const read = await (await openExportFile(unfinished)).check(partOf(progress, 0.75, 1));
    if (read.sha256 !== written.sha256) throw concurrentExport(unfinished);
    await rename(unfinished, file);
    progress(1);
    return written;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw toFileError(file, error);
  }
}

async function write(database: Database, file: string, progress: Progress): Promise<Summary> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const summary = await database.transaction(async (query) => {
      await query('set transaction isolation level repeatable read, read only');
      const missing = await findMissingRows(query);
      if (missing !== undefined) throw incomplete(missing);
      const total = await countRows(query);
      const lines = exportLines(query);
      let text = '';
      for (let count = 0; ; count++) {
        const { done, value } = await lines.next();
        if (done || text.length > bytesPerWrite) {
          await handle.appendFile(text);
          text = '';
          progress(count / total);
        }
        if (done) return value;
        text += `${value}\n`;
      }
    });
    await handle.sync();
    return summary;
  } finally {
    await handle.close();
  }
}

const reasons: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  ENOSPC: ['its disk is full', 'Free some space there, or choose a file on another disk.'],
  EDQUOT: [
    'the disk quota of this user is used up',
    'Free some space there, or choose a file on another disk.',
  ],
  EFBIG: ['it would exceed the file size limit', 'Raise the limit, or choose a file elsewhere.'],
  ENOENT: ['its folder does not exist', 'Create the folder, or choose another file.'],
  EACCES: ['this user may not write there', 'Grant write access, or choose another file.'],
  EROFS: ['its disk is read-only', 'Choose a file on another disk.'],
  EISDIR: ['it is a directory', 'Choose a file.'],
  EEXIST: ['another export is writing to it', 'Wait for that export, or choose another file.'],
};

/** Turns a file system error into one that says what to do; returns other errors unchanged. */
export function toFileError(file: string, error: unknown): unknown {
  const [why, advice] = reasons[codeOf(error) ?? ''] ?? [];
  if (isKernelError(error) || why === undefined) return error;
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `${file} cannot be written: ${why}. ${advice} This export left no file behind.`,
    { cause: error },
  );
}

function incomplete(missing: string) {
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The storage cannot be exported, because it is incomplete: ${missing}. Restore a backup with all tables into an empty database. This export left no file behind.`,
  );
}

function concurrentExport(file: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `${file} does not contain what was written: another export is writing to it. Wait for that export, or choose another file.`,
  );
}
