import { LocalNode, type RawAccountID, type RawCoID, type RawCoMap } from 'cojson';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askForSelf } from '../../../test/support/relay/erasure-requests.ts';
import { give } from '../../../test/support/relay/given-content.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { accountOf, changesBy, changesOf, push } from '../../../test/support/relay/stateless-client.ts';
import {
  connectStock,
  createClientNode,
  crypto,
  reconnectStock,
} from '../../../test/support/relay/stock-client.ts';
import { dumpTables } from '../../../test/support/relay/table-dump.ts';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { confirmed, isConfirmed, readHealth, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database } from '../database/database.ts';
import { openAppSchema } from '../database/in-schema.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import { openPostgresDatabase } from '../database/postgres-database.ts';
import { prepareSchema } from '../database/schema.ts';
import type { Relay, RelayOptions } from '../index.ts';
import { awaitInserts, isOfErased, patient } from '../database/guard/erasure-guard.ts';
import { beginErasure } from './erasure-rows.ts';
import { hashOf } from './hash-of.ts';

const idOf = (node: LocalNode) => accountOf(node).id;

const begin = (database: Database, accountID: string, salt = 'salt') =>
  beginErasure(database, {
    ...{ id: `${salt} ${accountID}`, salt, askedAtMs: Date.now() },
    person: { accountID, agentIDs: [] },
  });

async function openDatabase(kind: string): Promise<Database> {
  const database =
    kind === 'PGlite'
      ? await openMemoryDatabase({ template: await memoryTemplate() })
      : await openPostgresDatabase(await createPostgres(), 'test', silentLogger);
  onTestFinished(() => database.close());
  await prepareSchema(database);
  return database;
}

type Statement = readonly [sql: string, parameters: readonly string[]];
const insertCoValue = (id: string, owner: string, header: string): Statement => [
  `insert into relay.covalues (id, owner, header) values ($1, $2, $3)`,
  [id, owner, header],
];
const insertSession = (id: string, sessionID: string): Statement => [
  `insert into relay.sessions values ($1, $2, 1, 'signature', 0)
     on conflict (covalue_id, session_id) do update set last_idx = sessions.last_idx + 1`,
  [id, sessionID],
];
const header = (initialAdmin: string) =>
  JSON.stringify({ meta: '\u0000', ruleset: { type: 'group', initialAdmin } });

function describeGuard(kind: string): void {
  it('[RELAY-90] the tables refuse what names something erased, by each salt, and nothing else', async () => {
    const database = await openDatabase(kind);
    const { write, query } = database;
    const ofErased = (id: string) => insertSession('co_zKept', `${id}_session_z1`);
    await write(...insertCoValue('co_zKept', 'co_zKept', header('co_zOther')));
    await write(...ofErased('co_zFirst'));
    await begin(database, 'co_zFirst', 'zalt');
    await begin(database, 'co_zÜmlaut/+', 'salt');
    for (const id of ['co_zFirst', 'co_zÜmlaut/+'])
      for (const statement of [
        insertCoValue(id, id, '{}'),
        insertCoValue('co_zNew', id, '{}'),
        insertCoValue('co_zNew', 'co_zNew', header(id)),
        insertSession(id, 'sealer_z/signer_z_session_z1'),
        insertSession('co_zKept', `${id}_session_z2`),
      ])
        await expect(write(...statement)).rejects.toSatisfy(isOfErased);
    // It goes on in what others share.
    await write(...ofErased('co_zFirst'));
    await write(...insertCoValue('co_zNew', 'co_zKept', header('co_zOther')));
    await write(...insertSession('co_zNew', 'co_zOther_session_z1'));
    expect(await query(`select covalue_id as id, last_idx from relay.sessions order by id`)).toEqual([
      { id: 'co_zKept', last_idx: 2 },
      { id: 'co_zNew', last_idx: 1 },
    ]);
    const names = ['co_zFirst', 'co_zÜmlaut/+', 'co_zOther', null];
    const found = await query(
      `select array(select relay.has_erased(array[name]) from unnest($1::text[]) as name) as found`,
      [names],
    );
    expect(found).toEqual([{ found: [true, true, false, false] }]);
    expect(await query(`select hash from relay.erased order by erasure`)).toEqual([
      { hash: hashOf('salt', 'co_zÜmlaut/+') },
      { hash: hashOf('zalt', 'co_zFirst') },
    ]);
  });

  it('[RELAY-90] a new row costs no reading of all that was erased, also before there are statistics', async () => {
    const database = await openDatabase(kind);
    await begin(database, 'co_zFirst');
    await database.write(
      `insert into relay.erased select erasure, md5(n::text), false from relay.erased, generate_series(1, 20000) as n`,
    );
    const read = await database.transaction(async (query) => {
      // Also counts what the connection has read a moment before.
      const count = async () => {
        const [table] = await query<{ rows: number }>(
          `select seq_tup_read::int4 as rows from pg_stat_xact_user_tables where relid = 'relay.erased'::regclass`,
        );
        return table?.rows ?? NaN;
      };
      const before = await count();
      for (let n = 0; n < 10; n++) await query(...insertCoValue(`co_z${n}`, `co_z${n}`, header('co_zOther')));
      return (await count()) - before;
    });
    expect(read).toBe(0);
  });

  it('[RELAY-90] the tables of one namespace refuse nothing of what was erased in another one', async () => {
    const database = await openDatabase(kind);
    const apps = [await openAppSchema(database, 'a'), await openAppSchema(database, 'b')] as const;
    for (const app of apps) await prepareSchema(app);
    await begin(apps[0], 'co_zErased');
    const statement = insertCoValue('co_zErased', 'co_zErased', '{}');
    await expect(apps[0].write(...statement)).rejects.toSatisfy(isOfErased);
    await apps[1].write(...statement);
    await database.write(...statement);
  });

  it('[RELAY-93] what a relay commits before it knows leaves out what was erased, and has what others sent with it', async () => {
    const failures: unknown[] = [];
    const { relay, database, gate } = await startHeldRelay({
      storage: kind === 'PGlite' ? 'memory:' : await createPostgres(),
      logger: { debug() {}, warn: (...line) => void failures.push(line) },
    });
    const { url } = relay;
    const { alice, bob, shared, map } = await shareGroup();
    connectStock(alice, url);
    connectStock(bob, url);
    for (const one of [shared, map]) await confirmed(bob, one);
    await confirmed(alice, alice.expectCurrentAccount('test'));
    const atAlice = await alice.load(map.id);
    if (atAlice === 'unavailable') throw new Error('Not connected.');
    gate.isHeld = true;
    // While this waits, the rest comes into one batch.
    bob.createGroup();
    await until(() => expect(gate.waiting).not.toEqual([]));
    const group = alice.createGroup();
    const own = group.createMap({ word: 'alices-word' }, null, 'trusting');
    atAlice.set('word', 'alices-word', 'trusting');
    map.set('other', 'bobs-word', 'trusting');
    const bobs = shared.createMap({ word: 'bobs-word' }, null, 'trusting');
    // This client has asked for nothing.
    const raw = await openRawClient(url);
    const { node, group: sent } = createElsewhere(alice);
    for (const content of changesOf(node, sent)) raw.send(content);
    await until(async () => expect((await pendingOf(relay)).pending).toBeGreaterThanOrEqual(7));
    gate.waiting.shift()?.();
    await until(() => expect(gate.waiting).not.toEqual([]));
    const { pending } = await pendingOf(relay);
    // Of this, what comes before is in the batch that waits now.
    own.set('word', 'alices-word-too', 'trusting');
    group.removeMember('everyone');
    await until(async () => expect((await pendingOf(relay)).pending).toBeGreaterThanOrEqual(pending + 2));
    await begin(database, idOf(alice));
    gate.open();
    await until(async () => expect((await pendingOf(relay)).pending).toBe(0));
    reconnectStock(bob, url);
    for (const one of [map, bobs]) await confirmed(bob, one);
    const dump = await dumpTables(database.query);
    for (const gone of ['alices-word', group.id, own.id, sent.id]) expect(dump).not.toContain(gone);
    expect(dump.match(/"bobs-word|bobs-word\\/g)).toHaveLength(2);
    const reader = await openRawClient(url);
    reader.send({ action: 'load', id: map.id, header: false, sessions: {} });
    await reader.waitFor({ action: 'content', id: map.id });
    expect(JSON.stringify(reader.received)).not.toContain(`${idOf(alice)}_session_`);
    await raw.waitFor({ maia: 'refused', code: 'storage', closing: true });
    expect(raw.received).not.toContainEqual(expect.objectContaining({ action: 'known', id: sent.id }));
    expect([group, own, map].map((one) => isConfirmed(alice, one))).toEqual([false, false, false]);
    expect(failures).toEqual([]);
  });

  it('[RELAY-90] a push is refused by a relay that did not know', async () => {
    let database: Database | undefined;
    const storage = kind === 'PGlite' ? 'memory:' : await createPostgres();
    const { url } = await startRelay({ storage }, (opened) => (database = opened));
    const { alice, bob, shared, map } = await shareGroup();
    await push(url, changesOf(alice, accountOf(alice)));
    expect((await push(url, changesOf(bob, accountOf(bob), shared, map))).status).toBe(200);
    if (!database) throw new Error('Not open.');
    await begin(database, idOf(alice));
    const late = changesBy(alice, map, () => write(alice, map.id, 'alices-word'));
    expect(await push(url, late)).toMatchObject({
      status: 403,
      body: { error: { code: 'forbidden' }, ids: [map.id], sessions: [{ id: map.id }] },
    });
  });
}

/** Bob's, in which everyone may write. Alice has it, too, and Bob does not have her account. */
async function shareGroup() {
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  const shared = bob.createGroup();
  shared.addMember('everyone', 'writer');
  const map = shared.createMap({ word: 'first' });
  give(bob, alice, accountOf(bob), shared, map);
  return { alice, bob, shared, map };
}

function write(node: LocalNode, id: RawCoID, word: string): void {
  (node.expectCoValueLoaded(id).getCurrentContent() as RawCoMap).set('word', word, 'trusting');
}

/** On another device, which does not connect. */
function createElsewhere(of: LocalNode) {
  const session = crypto.newRandomSessionID(idOf(of) as RawAccountID);
  const node = new LocalNode(of.agentSecret, session, crypto);
  give(of, node, accountOf(of));
  return { node, group: node.createGroup() };
}

/** Otherwise, everyone shares it. */
function hideProfile(node: LocalNode): void {
  const id = node.expectCurrentAccount('test').get('profile') as unknown as RawCoID;
  (node.expectCoValueLoaded(id).getCurrentContent() as RawCoMap).group.removeMember('everyone');
}

/** A relay with one commit at a time, which waits before it begins. */
async function startHeldRelay(options: RelayOptions) {
  const opened: Database[] = [];
  const gate = {
    isHeld: false,
    waiting: [] as (() => void)[],
    open() {
      gate.isHeld = false;
      for (const go of gate.waiting.splice(0)) go();
    },
  };
  const pass = () => gate.isHeld && new Promise<void>((resolve) => gate.waiting.push(resolve));
  const relay = await startRelay(options, (database) => {
    opened.push(database);
    return {
      ...database,
      lanes: 1,
      async write(...statement) {
        await pass();
        return database.write(...statement);
      },
      async transaction(...transaction) {
        await pass();
        return database.transaction(...transaction);
      },
    };
  });
  const [database] = opened;
  if (!database) throw new Error('Not open.');
  onTestFinished(gate.open);
  return { relay, database, gate };
}

async function pendingOf(relay: Relay): Promise<{ readonly pending: number }> {
  return (await readHealth(relay)).body['storage'] as { pending: number };
}

describe('in PGlite', () => describeGuard('PGlite'));

describePostgres('in PostgreSQL', () => {
  describeGuard('PostgreSQL');

  it('[RELAY-93] a relay starts while another one is suspended within an erasure', async () => {
    const database = await openDatabase('PostgreSQL');
    await database.transaction(async (query) => {
      await query(`insert into relay.erased values ('erasure', 'hash', false)`);
      await prepareSchema(database);
    });
  });

  it('[RELAY-93] a relay that is suspended in the last step of an erasure loses it soon, and the others go on', async () => {
    const database = await openDatabase('PostgreSQL');
    const hanging = database.transaction(async (query) => {
      await awaitInserts(query);
      await database.write(...insertCoValue('co_zOther', 'co_zOther', '{}'));
    });
    await expect(hanging).rejects.toThrow();
    expect(await database.query(`select id from relay.covalues`)).toEqual([{ id: 'co_zOther' }]);
  });

  it('[RELAY-93] a commit that waits for a group holds up no erasure that has locked it', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const node = await createClientNode();
    const group = node.createGroup();
    await push(relay.url, changesOf(node, accountOf(node), group));
    const database = await openPostgresDatabase(storage, 'test', silentLogger);
    onTestFinished(() => database.close());
    const edit = changesBy(node, group, () => group.addMember('everyone', 'reader'));
    const pushed = await database.transaction(async (query) => {
      await query(`select from relay.covalues where id = $1 for update`, [group.id]);
      const pushing = push(relay.url, [...edit, ...changesOf(node, group.createMap({ word: 'new' }))]);
      await until(async () => {
        const waiting = await database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        expect(waiting).toHaveLength(1);
      });
      await awaitInserts(query);
      return { pushing };
    });
    expect((await pushed.pushing).status).toBe(200);
  });

  it('[RELAY-93] a commit that has looked is awaited, and then read, by who adds to what is erased', async () => {
    const database = await openDatabase('PostgreSQL');
    let isBegun = false;
    let begun: Promise<unknown> | undefined;
    await database.transaction(async (query) => {
      await query(...insertCoValue('co_zLate', 'co_zErased', '{}'));
      begun = begin(patient(database, systemClock), 'co_zErased').then(() => (isBegun = true));
      // Longer than it waits for a lock.
      await query(`select pg_sleep(0.6)`);
      expect(isBegun).toBe(false);
      // Others go on between.
      await database.write(...insertCoValue('co_zOther', 'co_zOther', '{}'));
    });
    await begun;
    const rows = await database.query(`select id from relay.covalues where owner = 'co_zErased'`);
    expect(rows).toEqual([{ id: 'co_zLate' }]);
    await expect(database.write(...insertCoValue('co_zLater', 'co_zErased', '{}'))).rejects.toSatisfy(
      isOfErased,
    );
  });

  it('[RELAY-93] a commit that comes while something is added waits, and then sees it', async () => {
    const database = await openDatabase('PostgreSQL');
    let commit: Promise<unknown> | undefined;
    const adding: Database = {
      ...database,
      transaction: (run) =>
        database.transaction(async (query) => {
          const result = await run(query);
          commit = expect(
            database.write(...insertCoValue('co_zErased', 'co_zErased', '{}')),
          ).rejects.toSatisfy(isOfErased);
          await query(`select pg_sleep(0.2)`);
          return result;
        }),
    };
    await begin(adding, 'co_zErased');
    await commit;
    expect(await database.query(`select from relay.covalues`)).toEqual([]);
  });

  it('[RELAY-93] what a relay commits long after the certificate brings nothing back', async () => {
    const storage = await createPostgres();
    const one = await startRelay({ storage });
    const { relay: two, database, gate } = await startHeldRelay({ storage });
    const alice = await createClientNode();
    hideProfile(alice);
    const group = alice.createGroup();
    const map = group.createMap({ word: 'old-word' }, null, 'trusting');
    connectStock(alice, two.url);
    for (const stored of [alice.expectCurrentAccount('test'), group, map]) await confirmed(alice, stored);
    gate.isHeld = true;
    map.set('word', 'late-word', 'trusting');
    group.createMap({ word: 'late-word' }, null, 'trusting');
    alice.createGroup().createMap({ word: 'late-word' }, null, 'trusting');
    await until(async () => expect((await pendingOf(two)).pending).toBeGreaterThanOrEqual(4));
    const { body } = await askForSelf(one.url, alice, 'erase');
    const { certificate } = body as unknown as SignedErasureCertificate;
    expect(certificate.kept).toEqual([]);
    gate.open();
    await until(async () => expect((await pendingOf(two)).pending).toBe(0));
    const dump = (await dumpTables(database.query))
      .split('\n')
      .filter((row) => !row.startsWith('public.certificates'));
    for (const gone of ['old-word', 'late-word', group.id, map.id, idOf(alice)])
      expect(dump.join('\n')).not.toContain(gone);
  });
});
