import { open, rename, rm } from 'node:fs/promises';
import type { Database } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { exportLines, type Summary } from './export-file.ts';
import { countRows } from './tables.ts';

/** How much is done, from 0 to 1. */
export type Progress = (part: number) => void;

const bytesPerWrite = 1_000_000;

/** Writes all of one moment's content to the file, which is there only once it is whole. */
export async function exportStorage(database: Database, file: string, progress: Progress): Promise<Summary> {
  await prepareSchema(database);
  const unfinished = `${file}.unfinished`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    const summary = await database.transaction(async (query) => {
      await query('set transaction isolation level repeatable read, read only');
      const total = await countRows(query);
      const lines = exportLines(query);
      let text = '';
      let count = 0;
      for (;;) {
        const { done, value } = await lines.next();
        if (done || text.length > bytesPerWrite) {
          await handle.appendFile(text);
          text = '';
          progress(Math.min(1, count / (total + 1)));
        }
        if (done) return value;
        text += `${value}\n`;
        count++;
      }
    });
    await handle.sync();
    await handle.close();
    await rename(unfinished, file);
    return summary;
  } catch (error) {
    await handle.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}
