import type { Database } from '../../../src/relay/database/database.ts';
import { prepareSchema } from '../../../src/relay/database/schema.ts';

export type OldVersion = 1 | 2 | 3 | 4;

const erasures = ['erasures', 'erased', 'certificates'];

/** The tables that relays of later versions added. */
const laterTables: Readonly<Record<OldVersion, readonly string[]>> = {
  1: [
    'beginnings',
    'changes',
    'storage_marks',
    'relay_secret',
    'used_nonces',
    'usage',
    'quotas',
    ...erasures,
  ],
  2: ['changes', 'storage_marks', 'relay_secret', 'used_nonces', 'usage', 'quotas', ...erasures],
  3: ['relay_secret', 'used_nonces', 'usage', 'quotas', ...erasures],
  4: [],
};

/** What version 3 dropped. */
const formerTables = [
  `create table unsynced (covalue_id text collate "C" not null, peer_id text not null, primary key (covalue_id, peer_id))`,
  `create table reconciliation_locks (peer_id text primary key, holder_session_id text not null,
     acquired_at_ms float8 not null, released_at_ms float8, last_processed_offset int4 not null)`,
];

/** Makes the tables those of an earlier version. The content stays, except for what only later versions have. */
export async function makeOlder(database: Database, version: OldVersion): Promise<void> {
  await prepareSchema(database);
  await database.transaction(async (query) => {
    for (const table of ['covalues', 'sessions'])
      await query(`drop function if exists refuse_erased_${table} cascade`);
    await query('drop function if exists has_erased');
    for (const table of laterTables[version]) await query(`drop table if exists ${table}`);
    if (version < 4) await query('alter table covalues drop column owner');
    if (version === 3) await query('alter table changes drop column pushed_by');
    if (version < 4) await query('alter table deletions drop column payer');
    if (version < 3) for (const table of formerTables) await query(table);
    await query('update schema_version set version = $1', [version]);
  });
}
