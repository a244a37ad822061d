import { createHash, randomBytes } from 'node:crypto';
import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import { createGuard } from './guard/erasure-guard.ts';
import type { Database, Query } from './database.ts';
import { sqlStateOf } from './postgres-facts.ts';
import { randomName } from './random-name.ts';

/** The identity of a database. A client that sees another ID or epoch than before reconciles everything. */
export interface StorageIdentity {
  readonly id: string;
  /** Changes when the database is restored to an earlier state. */
  readonly epoch: string;
}

export interface StorageState {
  readonly identity: StorageIdentity;
  /** How often relays have renewed the epoch. */
  readonly renewals: number;
}

/**
 * The statements of each version; the number of versions is the schema version. JSON is stored as text, because signatures
 * and IDs cover its exact bytes, which `jsonb` would reorder. IDs are ASCII and compared as bytes, whatever the locale of
 * the database.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `create table relay.storage_identity (
      id text not null,
      epoch text not null
    )`,
    `create table relay.covalues (
      id text collate "C" primary key,
      header text not null
    )`,
    // last_idx is the number of transactions, and thus the next index. bytes_since_signature determines where the
    // next signature is stored, so that a large CoValue can be sent and verified in pieces.
    `create table relay.sessions (
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      last_idx int4 not null,
      last_signature text not null,
      bytes_since_signature int4 not null,
      primary key (covalue_id, session_id)
    )`,
    `create table relay.transactions (
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      idx int4 not null,
      tx text not null,
      primary key (covalue_id, session_id, idx)
    )`,
    // The signature over all transactions of the session up to and including idx.
    `create table relay.signatures (
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      idx int4 not null,
      signature text not null,
      primary key (covalue_id, session_id, idx)
    )`,
    `create table relay.deletions (
      covalue_id text collate "C" primary key,
      erased boolean not null default false
    )`,
    `create table relay.unsynced (
      covalue_id text collate "C" not null,
      peer_id text not null,
      primary key (covalue_id, peer_id)
    )`,
    // Times are milliseconds since the Unix epoch.
    `create table relay.reconciliation_locks (
      peer_id text primary key,
      holder_session_id text not null,
      acquired_at_ms float8 not null,
      released_at_ms float8,
      last_processed_offset int4 not null
    )`,
  ],
  [
    // Hashes, so that a row that outlives an erased CoValue names neither it nor its authors.
    `create table relay.beginnings (
      digest text collate "C" primary key,
      place text collate "C" not null
    )`,
  ],
  [
    // What relays that share the database read after a gap in their notices, and clients without a connection in general. A
    // header alone has no session.
    `create table relay.changes (
      xid xid8 not null default pg_current_xact_id(),
      at timestamptz not null default now(),
      covalue_id text collate "C" not null,
      session_id text collate "C" not null,
      after int4 not null,
      count int4 not null
    )`,
    `create index changes_xid on relay.changes (xid)`,
    // For upstream servers, which a relay does not have.
    `drop table relay.unsynced`,
    `drop table relay.reconciliation_locks`,
  ],
  [
    // Never leaves the database and its relays; no export has it.
    `create table relay.relay_secret (
      secret text not null
    )`,
    `create table relay.used_nonces (
      nonce text collate "C" primary key,
      until timestamptz not null
    )`,
    // The group or account that owns it, or the CoValue itself. Null in rows of relays of earlier versions, until a relay fills
    // it in; see `fill-owners`.
    `alter table relay.covalues add column owner text collate "C"`,
    `create index covalues_owner on relay.covalues (owner) where owner is not null`,
    `create index covalues_unowned on relay.covalues (id) where owner is null`,
    // Names the client without a connection that pushed it, so that it is not notified.
    `alter table relay.changes add column pushed_by text collate "C"`,
    // How much each principal has stored here, by the count of the relays.
    `create table relay.usage (
      principal text collate "C" primary key,
      bytes float8 not null,
      covalues float8 not null
    )`,
    // The principal that gets back what the erased content took. Null once it has.
    `alter table relay.deletions add payer text collate "C"`,
  ],
];

export const schemaVersion = migrations.length;

/**
 * What an operator has forbidden. Not part of a version: relays of earlier versions ignore it, and a new version would neither
 * stop those that run nor let an operator go back to one. `until_ms` is 0 if nothing but the operator ends it.
 */
const createRestrictions = `create table if not exists relay.restrictions (
  kind text collate "C" not null,
  id text collate "C" not null,
  reason text not null,
  until_ms float8 not null,
  since_ms float8 not null,
  primary key (kind, id)
)`;

/** What an operator has set for one principal in place of the relay's quota, likewise. -1: not limited. */
const createQuotas = `create table if not exists relay.quotas (
  app text collate "C" not null,
  principal text collate "C" not null,
  bytes float8 not null,
  covalues float8 not null,
  primary key (app, principal)
)`;

/** Numbered marks of the storage's states, likewise: a storage that went back lacks the latest ones. */
export const createMarks = `create table if not exists relay.storage_marks (number int4 primary key, name text not null)`;

/**
 * What was erased at a person's request: the requests, salted hashes of what is gone, and the certificates. No part of a version
 * either; a relay of an earlier version retries for ever to commit what was erased.
 */
const createErasures = [
  `create table if not exists relay.erasures (
    id text collate "C" primary key,
    account_id text not null,
    keyring text not null,
    salt text not null,
    hashes int4 not null,
    state text not null,
    asked_at_ms float8 not null,
    done_at_ms float8 not null,
    kept text not null,
    covalues int4 not null,
    transactions float8 not null,
    bytes float8 not null
  )`,
  `create table if not exists relay.erased (
    erasure text collate "C" not null,
    hash text collate "C" not null,
    keeps_header boolean not null,
    primary key (erasure, hash)
  )`,
  `create table if not exists relay.certificates (
    erasure text collate "C" primary key,
    account_id text not null,
    done_at_ms float8 not null,
    signed text not null
  )`,
];

/** An arbitrary constant, shared by all versions: relays that start concurrently migrate one after the other. */
const migrationLock = 711_202_603;

/** Migrates the tables to this version. Throws RELAY_STORAGE_TOO_NEW without changing anything, or RELAY_STORAGE_FAILED. */
export async function prepareSchema(database: Database): Promise<StorageState> {
  try {
    await database.transaction(migrate);
    return await readStorageState(database);
  } catch (error) {
    throw isKernelError(error) ? error : schemaError(error);
  }
}

async function migrate(query: Query): Promise<void> {
  await lockForMigration(query);
  await query(`create table if not exists relay.schema_version (version int4 not null)`);
  const [stored] = await query<{ version: number }>(`select version from relay.schema_version`);
  const version = stored?.version ?? 0;
  if (version > schemaVersion) throw tooNew(version);
  for (const statements of migrations.slice(version)) {
    for (const statement of statements) await query(statement);
  }
  for (const statement of [createRestrictions, createQuotas, createMarks, ...createErasures, ...createGuard])
    await query(statement);
  if (!stored) await query(`insert into relay.schema_version (version) values ($1)`, [schemaVersion]);
  else if (version < schemaVersion)
    await query(`update relay.schema_version set version = $1`, [schemaVersion]);
  await query(
    `with begun as (${beginLog}), made as (
       insert into relay.relay_secret (secret) select $3 where not exists (select from relay.relay_secret)
     )
     insert into relay.storage_identity (id, epoch) select $1, $2 where not exists (select from relay.storage_identity)`,
    [randomName(), randomName(), randomBytes(32).toString('base64url')],
  );
}

/**
 * The log of changes begins with this row, until it is trimmed: then, it has all that was committed after its oldest row. So
 * there is always one. Without it, nothing would show that the log goes back far enough for a reader.
 */
export const beginLog = `insert into relay.changes (covalue_id, session_id, after, count)
  select '', '', 0, 0 where not exists (select from relay.changes)`;

/** Until the transaction ends, no other relay creates or changes a table. */
export async function lockForMigration(query: Query): Promise<void> {
  await query(`select pg_advisory_xact_lock($1)`, [migrationLock]);
}

/** Returns 0 if there are no tables yet. Read-only. */
export async function readSchemaVersion(query: Query): Promise<number> {
  const [table] = await query<{ exists: boolean }>(
    `select to_regclass('relay.schema_version') is not null as "exists"`,
  );
  if (!table?.exists) return 0;
  const [stored] = await query<{ version: number }>(`select version from relay.schema_version`);
  return stored?.version ?? 0;
}

/** Also called after an outage: the database may have been replaced. */
export async function readStorageState(database: Database): Promise<StorageState> {
  const [stored] = await database.query<StorageIdentity>(`select id, epoch from relay.storage_identity`);
  if (!stored) throw noIdentity();
  const renewals = renewalsOf(stored.epoch);
  const incarnation = await database.incarnation?.();
  if (incarnation === undefined) return { identity: stored, renewals };
  const epoch = createHash('sha256').update(`${stored.epoch}/${incarnation}`).digest('base64url');
  return { identity: { id: stored.id, epoch }, renewals };
}

/**
 * Gives a database that went back another epoch than it ever had, within a transaction. Resolves with false if another relay has
 * done so, or if it is another database.
 */
export async function renewEpoch(query: Query, { identity, renewals }: StorageState): Promise<boolean> {
  const [stored] = await query<StorageIdentity>(`select id, epoch from relay.storage_identity for update`);
  if (!stored) throw noIdentity();
  if (stored.id !== identity.id || renewalsOf(stored.epoch) > renewals) return false;
  await query(`update relay.storage_identity set epoch = $1`, [`${renewals + 1}.${randomName()}`]);
  return true;
}

/** The first epoch has no number, and base64url has no dot. */
function renewalsOf(epoch: string): number {
  const [renewals, name] = epoch.split('.');
  return name === undefined ? 0 : Number(renewals);
}

function noIdentity(): Error {
  return new Error('The table storage_identity is empty. Restore a backup of the database.');
}

function schemaError(cause: unknown) {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return createKernelError(
    'RELAY_STORAGE_FAILED',
    `The tables of the relay's database could not be created or read: ${reason}. ${adviceFor(cause)}`,
    { cause },
  );
}

export const incompleteTables =
  'It has tables with the relay’s names, but not all of them. Restore a backup with all tables into an empty database, or give the relay a database of its own.';

/** What to do if the database rejects a statement on the relay's tables. */
export function adviceFor(error: unknown): string {
  switch (sqlStateOf(error)) {
    // undefined_table and duplicate_table.
    case '42P01':
    case '42P07':
      return incompleteTables;
    // insufficient_privilege.
    case '42501':
      return 'Check that the database user may create tables, and owns those of the relay.';
    default:
      return 'Check the database and its log.';
  }
}

function tooNew(version: number) {
  return createKernelError(
    'RELAY_STORAGE_TOO_NEW',
    `The storage has format ${version}, from a newer relay, but this relay supports only formats up to ${schemaVersion}. Install the newer version again.`,
    { details: { version, known: schemaVersion } },
  );
}
