import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Database, Query } from '../database/database.ts';
import { lockDirectory } from '../database/directory/directory-lock.ts';
import { findGeneration } from '../database/directory/generations.ts';
import { openPGliteDatabase } from '../database/pglite-database.ts';
import { findEmptyTable } from '../database/missing-rows.ts';
import { sqlStateOf } from '../database/postgres-facts.ts';
import { adviceFor, incompleteTables, readSchemaVersion, schemaVersion } from '../database/schema.ts';
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
    return { findings: [wrong('database', describe(error))] };
  }
}

/** KernelErrors and what the database says never contain an address with a password; other errors might. */
function describe(error: unknown): string {
  if (isKernelError(error)) return error.message;
  // The codes of the system begin with a letter.
  return error instanceof Error && /^\d/.test(sqlStateOf(error) ?? '')
    ? `It rejected a query: ${error.message}. ${adviceFor(error)}`
    : 'It was opened but does not respond. Check its log.';
}

async function withDatabase<T>(place: StoragePlace, run: (database: Database) => Promise<T>): Promise<T> {
  const lock = place.kind === 'pglite' ? await lockDirectory(place.directory, silentLogger) : undefined;
  try {
    const found = place.kind === 'pglite' ? await findGeneration(place.directory) : undefined;
    const database = found
      ? await openPGliteDatabase(found.path)
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
  const text = (await findMissingRights(query)) ?? (await findLostTable(query, version));
  if (text !== undefined) return { findings: [wrong('database', text)], ...nowMs };
  const tables = version === 0 ? 'has no tables yet' : `has format ${version}`;
  return {
    findings: [fine('database', `It responds and ${tables}. A commit survives ${survives[durability]}.`)],
    ...nowMs,
  };
}

/** Fast: it finds that a table was restored without its rows, but not that some rows are missing. */
async function findLostTable(query: Query, version: number): Promise<string | undefined> {
  if (version === 0) {
    const [found] = await query<{ exists: boolean }>(
      `select coalesce(to_regclass('relay.covalues'), to_regclass('relay.sessions'), to_regclass('relay.transactions')) is not null as "exists"`,
    );
    return found?.exists ? incompleteTables : undefined;
  }
  const table = await findEmptyTable(query);
  if (table === undefined) return undefined;
  return `Its table ${table} has no rows, but other tables have rows that need them. Restore a backup with all tables into an empty database.`;
}

/** What keeps a start from creating and writing the tables. */
async function findMissingRights(query: Query): Promise<string | undefined> {
  const [found] = await query<{
    isReadOnly: boolean;
    user: string;
    schema: string | null;
    mayCreate: boolean;
  }>(
    `select current_setting('transaction_read_only')::boolean as "isReadOnly", current_user as user,
       current_schema() as schema, coalesce(has_schema_privilege(current_schema(), 'create'), false) as "mayCreate"`,
  );
  if (!found || (!found.isReadOnly && found.mayCreate)) return undefined;
  const { isReadOnly, user, schema } = found;
  if (isReadOnly) {
    return 'It is read-only, for example because it is a replica. Use the address of the primary, and a user that may write.';
  }
  return schema === null
    ? `The user ${user} has no schema to create tables in, because its search_path names none that exists. Create that schema, or correct the search_path.`
    : `The user ${user} may not create tables in the schema ${schema}. Grant it CREATE on that schema, or make it the owner of the database.`;
}
