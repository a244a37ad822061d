import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createKernelError } from '../../platform/kernel-error.ts';
import type { Logger } from '../../platform/logger.ts';
import { openStoragePlace, readStoragePlace } from '../storage-place.ts';
import { exportStorage } from './export-storage.ts';
import { importStorage } from './import-storage.ts';
import { createProgressBar } from './progress-bar.ts';

export interface Transfer {
  readonly kind: 'export' | 'import';
  readonly file: string;
  readonly storage: string;
}

/** Runs `maia-relay export` or `import`. Returns a sentence for people; the bar goes to standard error. */
export async function transfer({ kind, file, storage }: Transfer, logger: Logger): Promise<string> {
  const place = readStoragePlace(storage);
  if (place.kind === 'memory') throw invalid(`A storage in memory is gone when this ends: name another one.`);
  if (kind === 'export' && place.kind === 'pglite' && !existsSync(join(place.directory, 'postgres'))) {
    throw invalid(`There is no storage in ${place.directory}: name its directory with --storage.`);
  }
  if (kind === 'import' && !existsSync(file)) throw invalid(`There is no file ${file}.`);
  const database = await openStoragePlace(place, logger);
  const bar = createProgressBar(process.stderr);
  try {
    const run = kind === 'export' ? exportStorage : importStorage;
    const { rows, sha256 } = await run(database, file, bar.show);
    const [verb, way] = kind === 'export' ? ['Exported', 'to'] : ['Imported', 'from'];
    return `${verb} ${rows} rows ${way} ${file}, with the SHA-256 ${sha256}.`;
  } finally {
    bar.end();
    await database.close();
  }
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
