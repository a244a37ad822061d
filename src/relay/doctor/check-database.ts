import { join } from 'node:path';
import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { lockDirectory } from '../database/directory-lock.ts';
import { openPGliteDatabase } from '../database/pglite-database.ts';
import { readSchemaVersion, schemaVersion } from '../database/schema.ts';
import { openStoragePlace, type StoragePlace } from '../database/storage-place.ts';
import { fine, wrong, type Finding } from './finding.ts';

export interface DatabaseReport {
  readonly findings: readonly Finding[];
  /** The time on the database server, if it responded. */
  readonly nowMs?: number;
}

/** Opens the database as the relay does at startup, and queries it. A PGlite database must already exist. */
export async function checkDatabase(place: StoragePlace): Promise<DatabaseReport> {
  if (place.kind === 'memory') {
    return { findings: [fine('database', 'In memory: acknowledged edits are lost when the relay stops.')] };
  }
  try {
    return await withDatabase(place, inspect);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // KernelErrors say what to do and never contain an address with a password; other errors might.
    return {
      findings: [
        wrong('database', isKernelError(error) ? text : 'It was opened but does not respond. Check its log.'),
      ],
    };
  }
}

async function withDatabase<T>(place: StoragePlace, run: (database: Database) => Promise<T>): Promise<T> {
  const lock = place.kind === 'pglite' ? await lockDirectory(place.directory, silentLogger) : undefined;
  try {
    const database =
      place.kind === 'pglite'
        ? await openPGliteDatabase(join(place.directory, 'postgres'))
        : await openStoragePlace(place, silentLogger);
    try {
      return await run(database);
    } finally {
      await database.close();
    }
  } finally {
    await lock?.release();
  }
}

const survives = {
  none: 'neither a crash nor a power failure',
  'process-crash': 'a crash of the process, but not a power failure',
  'power-loss': 'a power failure',
} as const;

async function inspect({ query, durability }: Database): Promise<DatabaseReport> {
  const [row] = await query<{ now: number }>(`select extract(epoch from clock_timestamp())::float8 as now`);
  const nowMs = row && { nowMs: row.now * 1_000 };
  const version = await readSchemaVersion(query);
  if (version > schemaVersion) {
    const text = `It has format ${version}, from a newer relay, but this relay supports only formats up to ${schemaVersion}. Install the newer version again.`;
    return { findings: [wrong('database', text)], ...nowMs };
  }
  const tables = version === 0 ? 'has no tables yet' : `has format ${version}`;
  return {
    findings: [fine('database', `It responds and ${tables}. A commit survives ${survives[durability]}.`)],
    ...nowMs,
  };
}
