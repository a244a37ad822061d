import { createKernelError } from '../../base/kernel-error.ts';
import type { Database, Query } from './database.ts';

/** What a commit survives with these settings. Throws RELAY_SETTING_INVALID if the encoding would damage text. */
export async function readDurability(query: Query): Promise<Database['durability']> {
  const rows = await query<{ name: string; setting: string }>(
    `select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'server_encoding')`,
  );
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
  const encoding = settings.get('server_encoding');
  if (encoding !== 'UTF8') {
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `The relay's database has the encoding ${String(encoding)}, which cannot store all text. Create a database with the encoding UTF8.`,
    );
  }
  // If off, COMMIT returns before the data leaves the memory of PostgreSQL.
  if (settings.get('synchronous_commit') === 'off') return 'none';
  const isOnDisk = settings.get('fsync') === 'on' && settings.get('full_page_writes') === 'on';
  return isOnDisk ? 'power-loss' : 'process-crash';
}

/** Identifies the cluster, its timeline and the database: a restore or failover starts a new timeline, and a copy is another database. */
export async function readIncarnation(query: Query): Promise<string> {
  const system = await ifPermitted(query, `select system_identifier::text as fact from pg_control_system()`);
  // Unlike the control file, the name of the current WAL segment shows a new timeline immediately.
  const timeline = await ifPermitted(query, `select left(pg_walfile_name(pg_current_wal_lsn()), 8) as fact`);
  const [database] = await query<{ oid: string }>(
    `select oid::text as oid from pg_database where datname = current_database()`,
  );
  return `${system ?? 'unknown'}/${timeline ?? 'unknown'}/${database?.oid ?? 'unknown'}`;
}

// insufficient_privilege, feature_not_supported, undefined_function: hosted databases restrict different functions.
const restrictedCodes = new Set(['42501', '0A000', '42883']);

async function ifPermitted(query: Query, sql: string): Promise<string | undefined> {
  try {
    const [row] = await query<{ fact: string }>(sql);
    return row?.fact;
  } catch (error) {
    if (restrictedCodes.has(sqlStateOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** The SQLSTATE of a PostgreSQL error; undefined for other errors. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether PostgreSQL rejected a statement and the connection continues. */
export function isOfStatement(error: unknown): boolean {
  // connection_exception, and the server's shutdown.
  return error instanceof Error && 'severity' in error && !/^(08|57P)/.test(sqlStateOf(error) ?? '');
}

/** Whether a statement waited too long for a lock of another transaction. */
export function isLockTimeout(error: unknown): boolean {
  // lock_not_available.
  return sqlStateOf(error) === '55P03';
}

/** Whether two transactions conflicted. Retrying the same transaction succeeds. */
export function isConflict(error: unknown): boolean {
  // serialization_failure, deadlock_detected.
  const code = sqlStateOf(error);
  return code === '40001' || code === '40P01';
}
