import { createHash, randomBytes } from 'node:crypto';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import type { Database, Query } from './database.ts';

/** Which database this is. A client that sees another id or epoch than before reconciles everything. */
export interface StorageIdentity {
  readonly id: string;
  /** Changes when the database was put back to an earlier state. */
  readonly epoch: string;
}

/**
 * What each version adds to the one before; the number of the last one is the schema's version.
 * JSON stands as text: signatures and ids cover its very bytes, which `jsonb` would reorder. Ids are ASCII and are
 * compared as bytes, whatever the database's language.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `create table storage_identity (
      id text not null,
      epoch text not null
    )`,
    `create table covalues (
      id text collate "C" primary key,
      header text not null
    )`,
    // last_idx counts the transactions: the next one has this index. bytes_since_signature decides where the next
    // signature is kept, so that a large CoValue can be sent, and checked, in pieces.
    `create table sessions (
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      last_idx int4 not null,
      last_signature text not null,
      bytes_since_signature int4 not null,
      primary key (covalue_id, session_id)
    )`,
    `create table transactions (
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      idx int4 not null,
      tx text not null,
      primary key (covalue_id, session_id, idx)
    )`,
    // The signature over all transactions of the session up to and with idx.
    `create table signatures (
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      idx int4 not null,
      signature text not null,
      primary key (covalue_id, session_id, idx)
    )`,
    `create table deletions (
      covalue_id text collate "C" primary key,
      erased boolean not null default false
    )`,
    `create table unsynced (
      covalue_id text collate "C" not null,
      peer_id text not null,
      primary key (covalue_id, peer_id)
    )`,
    // Times are milliseconds since the Unix epoch.
    `create table reconciliation_locks (
      peer_id text primary key,
      holder_session_id text not null,
      acquired_at_ms float8 not null,
      released_at_ms float8,
      last_processed_offset int4 not null
    )`,
  ],
];

export const schemaVersion = migrations.length;

/** Any number, the same in every version: relays that start at once on one database migrate it one after the other. */
const migrationLock = 711_202_603;

/** Brings the tables to this version's form. Throws RELAY_STORAGE_TOO_NEW, having changed nothing, or RELAY_STORAGE_FAILED. */
export async function prepareSchema(database: Database): Promise<StorageIdentity> {
  try {
    await database.transaction(migrate);
    return await readStorageIdentity(database);
  } catch (error) {
    throw isKernelError(error) ? error : unprepared(error);
  }
}

async function migrate(query: Query): Promise<void> {
  await query(`select pg_advisory_xact_lock($1)`, [migrationLock]);
  await query(`create table if not exists schema_version (version int4 not null)`);
  const [stored] = await query<{ version: number }>(`select version from schema_version`);
  const version = stored?.version ?? 0;
  if (version > schemaVersion) throw tooNew(version);
  for (const statements of migrations.slice(version)) {
    for (const statement of statements) await query(statement);
  }
  if (!stored) await query(`insert into schema_version (version) values ($1)`, [schemaVersion]);
  else if (version < schemaVersion) await query(`update schema_version set version = $1`, [schemaVersion]);
  await query(
    `insert into storage_identity (id, epoch) select $1, $2 where not exists (select from storage_identity)`,
    [randomName(), randomName()],
  );
}

/** 0 where there are no tables yet. Changes nothing. */
export async function readSchemaVersion(query: Query): Promise<number> {
  const [table] = await query<{ isThere: boolean }>(
    `select to_regclass('schema_version') is not null as "isThere"`,
  );
  if (!table?.isThere) return 0;
  const [stored] = await query<{ version: number }>(`select version from schema_version`);
  return stored?.version ?? 0;
}

/** Also for a database that was away: it may have come back as another one. */
export async function readStorageIdentity(database: Database): Promise<StorageIdentity> {
  const [stored] = await database.query<StorageIdentity>(`select id, epoch from storage_identity`);
  if (!stored) throw new Error('The storage has lost its identity.');
  const incarnation = await database.incarnation?.();
  if (incarnation === undefined) return stored;
  const epoch = createHash('sha256').update(`${stored.epoch}/${incarnation}`).digest('base64url');
  return { id: stored.id, epoch };
}

function randomName(): string {
  return randomBytes(16).toString('base64url');
}

function unprepared(cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The tables of the relay's database could not be made or read: ${reason}. Check that its user may create tables there.`,
    { cause },
  );
}

function tooNew(version: number) {
  return createKernelError(
    'RELAY_STORAGE_TOO_NEW',
    `This relay's storage has the format ${version} of a newer relay, and this one knows only up to ${schemaVersion}. Install the newer version again.`,
    { details: { version, known: schemaVersion } },
  );
}
