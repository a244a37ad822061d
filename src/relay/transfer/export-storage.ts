import { open, rename, rm } from 'node:fs/promises';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Database } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { exportLines, type Summary } from './export-file.ts';
import { partOf, type Progress } from './progress-bar.ts';
import { openExportFile } from './read-export-file.ts';
import { countRows } from './tables.ts';
import { codeOf } from './unfit-file.ts';

const bytesPerWrite = 1_000_000;

/**
 * Writes all of one moment's content to the file, which is there only once it is whole: before that it is called
 * `FILE.unfinished`, which the next export to it takes over. Reads it again before it gets its name.
 */
export async function exportStorage(database: Database, file: string, progress: Progress): Promise<Summary> {
  await prepareSchema(database);
  const unfinished = `${file}.unfinished`;
  try {
    // Not written over: an export that still runs would go on writing into this one.
    await rm(unfinished, { force: true });
    const written = await write(database, unfinished, partOf(progress, 0, 0.75));
    const read = await (await openExportFile(unfinished)).check(partOf(progress, 0.75, 1));
    if (read.sha256 !== written.sha256) throw notAlone(unfinished);
    await rename(unfinished, file);
    progress(1);
    return written;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw orUnwritable(file, error);
  }
}

async function write(database: Database, file: string, progress: Progress): Promise<Summary> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const summary = await database.transaction(async (query) => {
      await query('set transaction isolation level repeatable read, read only');
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
  ENOSPC: ['its disk is full', 'Make room there, or name a file on another disk.'],
  EDQUOT: ['this user may store no more there', 'Make room there, or name a file on another disk.'],
  EFBIG: ['it would be larger than allowed there', 'Raise that limit, or name a file elsewhere.'],
  ENOENT: ['its folder is not there', 'Make that, or name another file.'],
  EACCES: ['this user may not write there', 'Allow it, or name another file.'],
  EROFS: ['its disk can only be read', 'Name a file on another disk.'],
  EISDIR: ['it is a directory', 'Name a file.'],
  EEXIST: ['another export to it runs', 'Wait for that, or name another file.'],
};

/** What went wrong with the file as an error that says what to do; others stay what they are. */
export function orUnwritable(file: string, error: unknown): unknown {
  const [why, advice] = reasons[codeOf(error) ?? ''] ?? [];
  if (isKernelError(error) || why === undefined) return error;
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `${file} cannot be written: ${why}. ${advice} Nothing is left of this export.`,
    { cause: error },
  );
}

function notAlone(file: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `${file} does not hold what was written: another export to it runs. Wait for that, or name another file.`,
  );
}
