import type { LocalNode } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger, type Logger } from '../../base/logger.ts';
import type { Relay } from '../index.ts';
import { runStatement } from '../../../test/support/postgres.ts';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient, reconnectStock } from '../../../test/support/relay/stock-client.ts';
import { startProxy, type TcpProxy } from '../../../test/support/relay/tcp-proxy.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  readHealth,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
const restored = { maia: 'refused', code: 'storage', reason: expect.stringContaining('restored') as unknown };

/** Copies a database within the server, in place of another one, so that all that identifies it stays the same. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const [source, target] = [nameOf(from), nameOf(to)];
  const [before] = await runStatement(`select oid::text from pg_database where datname = $1`, [target]);
  const oid = before ? `oid ${(before as { oid: string }).oid}` : '';
  await runStatement(`drop database if exists ${target} with (force)`);
  await until(async () => {
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
      [source],
    );
    await runStatement(`create database ${target} template ${source} ${oid}`);
  });
}

const nameOf = (url: string) => new URL(url).pathname.slice(1);

async function takeBackup(storage: string, proxies: readonly TcpProxy[]): Promise<() => Promise<void>> {
  const backup = new URL(storage);
  backup.pathname += '_backup';
  onTestFinished(async () => {
    await runStatement(`drop database if exists ${nameOf(backup.href)} with (force)`);
  });
  const copy = async (from: string, to: string) => {
    for (const proxy of proxies) proxy.cut();
    await copyDatabase(from, to);
    for (const proxy of proxies) proxy.mend();
  };
  await copy(storage, backup.href);
  return () => copy(backup.href, storage);
}

const isHealthy = (relay: Relay) => until(async () => expect((await readHealth(relay)).code).toBe(200));

/** Confirms with as many connections as it takes: the relay closes them while it compares its storage. */
const confirmedAgain = (node: LocalNode, map: Parameters<typeof confirmed>[1], relay: Relay) =>
  until(() => {
    if (node.syncManager.peers['relay']?.closed !== false) reconnectStock(node, relay.url);
    expect(isConfirmed(node, map)).toBe(true);
  });

const storageOf = ({ received }: RawClient) => received[0]?.['storage'] as { id: string; epoch: string };

/** A relay with a map that a client has uploaded, and another client that waits. */
async function serveMap() {
  const storage = await createPostgres();
  const relay = await startRelay({ storage });
  const alice = await createStockClient(relay.url);
  const mine = createSharedMap(alice);
  await confirmed(alice, mine);
  return { storage, relay, mine, before: await openRawClient(relay.url) };
}

describePostgres('a relay whose PostgreSQL goes back to an earlier state', () => {
  it('forgets what it knows even if that fails at first', async () => {
    const storage = await createPostgres();
    let timeline = 1;
    let failures = 0;
    const logger: Logger = {
      ...silentLogger,
      warn(message) {
        if (message.includes('replaced or restored') && failures++ === 0) throw new Error('The log is full.');
      },
    };
    const relay = await startRelay({ storage, logger }, (database) => ({
      ...database,
      incarnation: () => Promise.resolve(`timeline ${timeline}`),
    }));
    const raw = await openRawClient(relay.url);
    timeline = 2;
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
      [],
      storage,
    );
    await raw.waitFor(restored);
    await isHealthy(relay);
    expect(failures).toBe(2);
    expect(storageOf(await openRawClient(relay.url)).epoch).not.toBe(storageOf(raw).epoch);
  });

  it('[RECEIPT-2] renews the epoch if it lacks nothing but the latest mark', async () => {
    const { storage, relay, mine, before } = await serveMap();
    await runStatement(
      `delete from storage_marks where number = (select max(number) from storage_marks)`,
      [],
      storage,
    );
    mine.set('word', 'second');
    await before.waitFor(restored);
    const after = await openRawClient(relay.url);
    expect(storageOf(after).id).toBe(storageOf(before).id);
    expect(storageOf(after).epoch).not.toBe(storageOf(before).epoch);
  });

  it('[RELAY-18] closes all channels, renews the epoch, and gets the rest from its clients', async () => {
    const storage = await createPostgres();
    const proxy = await startProxy(storage);
    const relay = await startRelay({ storage: proxy.url });
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const restore = await takeBackup(storage, [proxy]);
    await isHealthy(relay);
    mine.set('word', 'second');
    await confirmedAgain(alice, mine, relay);
    const late = createSharedMap(alice);
    await confirmedAgain(alice, late, relay);
    const before = await openRawClient(relay.url);

    await restore();
    await before.waitFor(restored);
    await isHealthy(relay);
    const after = await openRawClient(relay.url);
    expect(storageOf(after).id).toBe(storageOf(before).id);
    expect(storageOf(after).epoch).not.toBe(storageOf(before).epoch);
    const bob = await createStockClient(relay.url);
    expect((await loadMap(bob, mine)).get('word')).toBe('first');
    after.send({ action: 'load', id: late.id, header: false, sessions: {} });
    await after.waitFor({ action: 'known', id: late.id, header: false });
    await relay.close();

    const next = await startRelay({ storage });
    expect(storageOf(await openRawClient(next.url))).toEqual(storageOf(after));
    for (const map of [mine, late]) {
      reconnectStock(alice, next.url);
      await confirmed(alice, map);
    }
    const carol = await createStockClient(next.url);
    expect((await loadMap(carol, mine)).get('word')).toBe('second');
    expect((await loadMap(carol, late)).get('word')).toBe('first');
  });

  it('keeps its epoch and its clients when its connections are lost but no content is', async () => {
    const { storage, relay, mine, before } = await serveMap();
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
      [],
      storage,
    );
    before.send({ action: 'load', ...mine.core.knownState() });
    await before.waitFor({ action: 'known', id: mine.id });
    await isHealthy(relay);
    expect(storageOf(await openRawClient(relay.url))).toEqual(storageOf(before));
    expect(before.closeCode).toBeUndefined();
    expect(
      await runStatement(
        `select count(distinct split_part(relay, '.', 1))::int4 as count from relay_marks`,
        [],
        storage,
      ),
    ).toEqual([{ count: 1 }]);
  });

  it('answers nothing from memory between the loss of a connection and the comparison', async () => {
    const storage = await createPostgres();
    let isHeld = false;
    let release = () => {};
    let comparisons = 0;
    const relay = await startRelay({ storage }, (database) => ({
      ...database,
      async incarnation() {
        comparisons++;
        if (isHeld) await new Promise<void>((resolve) => (release = resolve));
        return database.incarnation?.() ?? '';
      },
    }));
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    alice.syncManager.removePeer('relay');
    const missing = createSharedMap(alice).id;
    const raw = await openRawClient(relay.url);
    isHeld = true;
    comparisons = 0;
    // All but the connection for notifications.
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and query !~* '^(set|select 1$|select pg_notify)'`,
      [],
      storage,
    );
    await until(() => expect(comparisons).toBe(1));
    raw.send({ action: 'load', ...mine.core.knownState() });
    raw.send({ action: 'load', id: missing, header: false, sessions: {} });
    await raw.waitFor({ action: 'known', id: missing, header: false });
    expect(raw.received).not.toContainEqual(expect.objectContaining({ action: 'known', id: mine.id }));
    isHeld = false;
    release();
    await raw.waitFor({ action: 'known', id: mine.id, header: true });
  });

  it('[RELAY-40] greets nobody and is not ready until it could compare its storage', async () => {
    const storage = await createPostgres();
    let failures = 0;
    let isFailing = false;
    const relay = await startRelay({ storage }, (database) => ({
      ...database,
      async incarnation() {
        if (!isFailing) return database.incarnation?.() ?? '';
        failures++;
        throw new Error('The identity cannot be read.');
      },
    }));
    isFailing = true;
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
      [],
      storage,
    );
    await until(() => expect(failures).toBeGreaterThan(2));
    expect((await readHealth(relay)).code).toBe(503);
    const early = await openRawClient(relay.url);
    await early.waitFor({ maia: 'refused', code: 'storage', closing: true });
    expect(early.received).toHaveLength(1);
    isFailing = false;
    await isHealthy(relay);
    expect(storageOf(await openRawClient(relay.url))).toBeDefined();
  });

  it('[RELAY-18] acknowledges no commit whose answer arrives after the comparison, and is not in the database', async () => {
    const storage = await createPostgres();
    let isHeld = false;
    const held: (() => void)[] = [];
    async function late<T>(commit: Promise<T>): Promise<T> {
      const result = await commit;
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      return result;
    }
    const relay = await startRelay({ storage }, (database) => ({
      ...database,
      write: (sql, parameters) => late(database.write(sql, parameters)),
    }));
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const before = await openRawClient(relay.url);
    for (const table of ['relay_marks', 'sessions', 'transactions'])
      await runStatement(`create table kept_${table} as select * from ${table}`, [], storage);
    isHeld = true;
    mine.set('word', 'second');
    await until(() => expect(held).toHaveLength(1));
    await runStatement(
      `with marks as (update relay_marks set mark = kept.mark from kept_relay_marks as kept where kept.relay = relay_marks.relay),
         rows as (delete from transactions where (covalue_id, session_id, idx) not in (select covalue_id, session_id, idx from kept_transactions))
       update sessions set last_idx = kept.last_idx, last_signature = kept.last_signature
       from kept_sessions as kept
       where kept.covalue_id = sessions.covalue_id and kept.session_id = sessions.session_id`,
      [],
      storage,
    );
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
      [],
      storage,
    );
    await until(async () => expect((await readHealth(relay)).code).toBe(503));
    await isHealthy(relay);
    isHeld = false;
    for (const release of held) release();
    await before.waitFor(restored);
    expect(isConfirmed(alice, mine)).toBe(false);
    await isHealthy(relay);
    await confirmedAgain(alice, mine, relay);
    expect((await loadMap(await createStockClient(relay.url), mine)).get('word')).toBe('second');
  });

  it('notices at its next commit, even with all connections open', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const alice = await createStockClient(relay.url);
    const [mine, lost] = [createSharedMap(alice), createSharedMap(alice)];
    await confirmed(alice, mine);
    await confirmed(alice, lost);
    const before = await openRawClient(relay.url);
    await goBack(storage, lost.id);
    mine.set('word', 'second');
    await until(() => expect(before.closeCode).toBeDefined());
    await isHealthy(relay);
    const after = await openRawClient(relay.url);
    expect(storageOf(after).epoch).not.toBe(storageOf(before).epoch);
    await confirmedAgain(alice, mine, relay);
    reconnectStock(alice, relay.url);
    await confirmed(alice, lost);
    expect((await loadMap(await createStockClient(relay.url), lost)).get('word')).toBe('first');
  });

  it('notices without a commit, with all connections open, when it reads the log of changes', async () => {
    const { storage, relay, mine, before } = await serveMap();
    await goBack(storage, mine.id);
    // The beats of a relay that it does not know make it read the log.
    await startRelay({ storage });
    await before.waitFor(restored);
    await isHealthy(relay);
    expect(storageOf(await openRawClient(relay.url)).epoch).not.toBe(storageOf(before).epoch);
  });

  it('tells the other relays on the database, and all announce one new epoch', async () => {
    const storage = await createPostgres();
    const proxies = [await startProxy(storage), await startProxy(storage)];
    const relays: Relay[] = [];
    for (const { url } of proxies) relays.push(await startRelay({ storage: url }));
    const [one, two] = relays as [Relay, Relay];
    const alice = await createStockClient(one.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    await goBack(storage, mine.id);
    const before = await openRawClient(two.url);
    mine.set('word', 'second');
    await before.waitFor(restored);
    await isHealthy(one);
    const epochs = [storageOf(await openRawClient(one.url)), storageOf(await openRawClient(two.url))];
    expect(epochs[0]).toEqual(epochs[1]);
    expect(epochs[0]?.epoch).not.toBe(storageOf(before).epoch);
    await confirmedAgain(alice, mine, one);

    const restore = await takeBackup(storage, proxies);
    await isHealthy(one);
    await isHealthy(two);
    mine.set('word', 'third');
    await confirmedAgain(alice, mine, one);
    const bob = await createStockClient(two.url);
    await confirmedAgain(bob, createSharedMap(bob), two);
    const clients = [await openRawClient(one.url), await openRawClient(two.url)];
    await restore();
    // A commit that was under way when the connections were cut may have closed a channel before.
    for (const client of clients) await until(() => expect(client.closeCode).toBeDefined());
    await isHealthy(one);
    await isHealthy(two);
    expect(await runStatement('select epoch from storage_identity', [], storage)).toEqual([
      { epoch: expect.stringMatching(/^2\./) as unknown },
    ]);
    expect(storageOf(await openRawClient(one.url))).toEqual(storageOf(await openRawClient(two.url)));
  });
});

/** Removes a CoValue and sets the marks back, as a restore would that keeps the connections. */
async function goBack(storage: string, id: string): Promise<void> {
  await runStatement(
    `with marks as (update relay_marks set mark = mark - 1 where mark > 0),
       headers as (delete from covalues where id = $1),
       rows as (delete from transactions where covalue_id = $1)
     delete from sessions where covalue_id = $1`,
    [id],
    storage,
  );
}
