import type { LocalNode } from 'cojson';
import { expect, it, onTestFinished, vi } from 'vitest';
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

const within = { timeout: 10_000, interval: 5 };
const restored = { maia: 'refused', code: 'storage', reason: expect.stringContaining('restored') as unknown };

/** Copies a database within the server, so that the copy has the same identity, server and timeline. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const [source, target] = [nameOf(from), nameOf(to)];
  await runStatement(`drop database if exists ${target} with (force)`);
  await vi.waitFor(async () => {
    await runStatement(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
      [source],
    );
    await runStatement(`create database ${target} template ${source}`);
  }, within);
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

const isHealthy = (relay: Relay) =>
  vi.waitFor(async () => expect((await readHealth(relay)).code).toBe(200), within);

/** Confirms with as many connections as it takes: the relay closes them while it compares its storage. */
const confirmedAgain = (node: LocalNode, map: Parameters<typeof confirmed>[1], relay: Relay) =>
  vi.waitFor(() => {
    if (node.syncManager.peers['relay']?.closed !== false) reconnectStock(node, relay.url);
    expect(isConfirmed(node, map)).toBe(true);
  }, within);

const storageOf = ({ received }: RawClient) => received[0]?.['storage'] as { id: string; epoch: string };

describePostgres('a relay whose PostgreSQL goes back to an earlier state', () => {
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
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const before = await openRawClient(relay.url);
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
    expect(await runStatement('select count(*)::int4 as count from relay_marks', [], storage)).toEqual([
      { count: 1 },
    ]);
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
       where datname = current_database() and pid <> pg_backend_pid() and query !~* '^(listen|select 1$)'`,
      [],
      storage,
    );
    await vi.waitFor(() => expect(comparisons).toBe(1), within);
    raw.send({ action: 'load', ...mine.core.knownState() });
    raw.send({ action: 'load', id: missing, header: false, sessions: {} });
    await raw.waitFor({ action: 'known', id: missing, header: false });
    expect(raw.received).not.toContainEqual(expect.objectContaining({ action: 'known', id: mine.id }));
    isHeld = false;
    release();
    await raw.waitFor({ action: 'known', id: mine.id, header: true });
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
    await vi.waitFor(() => expect(before.closeCode).toBeDefined(), within);
    await isHealthy(relay);
    const after = await openRawClient(relay.url);
    expect(storageOf(after).epoch).not.toBe(storageOf(before).epoch);
    await confirmedAgain(alice, mine, relay);
    reconnectStock(alice, relay.url);
    await confirmed(alice, lost);
    expect((await loadMap(await createStockClient(relay.url), lost)).get('word')).toBe('first');
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
    for (const client of clients) await vi.waitFor(() => expect(client.closeCode).toBeDefined(), within);
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
