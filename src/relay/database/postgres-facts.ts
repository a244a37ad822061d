import { createKernelError } from '../../base/kernel-error.ts';
import type { Database, Query } from './database.ts';

/** What a commit survives, by PostgreSQL's own settings. Throws RELAY_SETTING_INVALID where text would be damaged. */
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
      `The relay's database has the encoding ${String(encoding)}, which cannot hold all text. Create one with the encoding UTF8.`,
    );
  }
  // With this off, COMMIT answers before anything has left PostgreSQL's own memory.
  if (settings.get('synchronous_commit') === 'off') return 'none';
  const isOnDisk = settings.get('fsync') === 'on' && settings.get('full_page_writes') === 'on';
  return isOnDisk ? 'power-loss' : 'process-crash';
}

/** The cluster, and the timeline that it is on: a new one begins with each restore and each fail-over. */
export async function readIncarnation(query: Query): Promise<string> {
  const system = await ifPermitted(query, `select system_identifier::text as fact from pg_control_system()`);
  // Unlike the control file, the current segment's name shows a new timeline at once.
  const timeline = await ifPermitted(query, `select left(pg_walfile_name(pg_current_wal_lsn()), 8) as fact`);
  return `${system ?? 'unknown'}/${timeline ?? 'unknown'}`;
}

// insufficient_privilege, feature_not_supported, undefined_function: hosted databases differ in what they show.
const notShown = new Set(['42501', '0A000', '42883']);

async function ifPermitted(query: Query, sql: string): Promise<string | undefined> {
  try {
    const [row] = await query<{ fact: string }>(sql);
    return row?.fact;
  } catch (error) {
    if (notShown.has(sqlStateOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** PostgreSQL's code for what went wrong; undefined for an error that did not come from there. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Two transactions were in each other's way: nothing is wrong, and the same one passes when it is tried again. */
export function isConflict(error: unknown): boolean {
  // serialization_failure, deadlock_detected.
  const code = sqlStateOf(error);
  return code === '40001' || code === '40P01';
}
