import { expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { createStockClient, reconnectStock } from '../../../test/support/relay/stock-client.ts';
import { startProxy } from '../../../test/support/relay/tcp-proxy.ts';
import { runStatement } from '../../../test/support/postgres.ts';
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

describePostgres('a relay on PostgreSQL', () => {
  it('announces the durability of PostgreSQL, and another relay finds its content', async () => {
    const storage = await createPostgres();
    const first = await startRelay({ storage });
    const alice = await createStockClient(first.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    expect((await openRawClient(first.url)).received[0]).toMatchObject({ durability: 'power-loss' });
    await first.close();

    const second = await startRelay({ storage });
    expect((await loadMap(await createStockClient(second.url), mine)).toJSON()).toEqual({ word: 'first' });
  });

  it('acknowledges nothing during a database outage, reports it, and recovers automatically', async () => {
    const storage = await createPostgres();
    const proxy = await startProxy(storage);
    const relay = await startRelay({ storage: proxy.url });
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    proxy.cut();
    mine.set('word', 'second');
    await until(async () => expect((await readHealth(relay)).code).toBe(503));
    const health = await readHealth(relay);
    expect(health).toMatchObject({ code: 503, body: { status: 'failing', storage: { kind: 'postgres' } } });
    expect(JSON.stringify(health)).not.toContain('127.0.0.1');
    expect(isConfirmed(alice, mine)).toBe(false);

    proxy.mend();
    await until(async () => expect((await readHealth(relay)).code).toBe(200));
    // The relay refuses clients for a moment whenever it compares the storage.
    await until(() => {
      if (alice.syncManager.peers['relay']?.closed !== false) reconnectStock(alice, relay.url);
      expect(isConfirmed(alice, mine)).toBe(true);
    });
    const other = await startRelay({ storage });
    expect((await loadMap(await createStockClient(other.url), mine)).get('word')).toBe('second');
  });

  it('follows a database restored to an earlier state and gets the rest from its clients', async () => {
    const storage = await createPostgres();
    const proxy = await startProxy(storage);
    let timeline = 1;
    const relay = await startRelay({ storage: proxy.url }, (database) => ({
      ...database,
      incarnation: () => Promise.resolve(`timeline ${timeline}`),
    }));
    const alice = await createStockClient(relay.url);
    const [kept, lost] = [createSharedMap(alice), createSharedMap(alice)];
    await confirmed(alice, kept);
    await confirmed(alice, lost);
    const before = (await openRawClient(relay.url)).received[0];

    proxy.cut();
    timeline = 2;
    for (const table of ['covalues where id', 'sessions where covalue_id', 'transactions where covalue_id']) {
      await runStatement(`delete from ${table} = $1`, [lost.id], storage);
    }
    proxy.mend();
    await until(async () => expect((await readHealth(relay)).code).toBe(200));
    await until(async () => {
      const after = (await openRawClient(relay.url)).received[0];
      expect(after).not.toEqual(before);
      expect(after).toMatchObject({ maia: 'hello', storage: { id: (before?.storage as { id: string }).id } });
    });
    const bob = await createStockClient(relay.url);
    expect(await bob.load(lost.id)).toBe('unavailable');
    expect((await loadMap(bob, kept)).get('word')).toBe('first');
    reconnectStock(alice, relay.url);
    await confirmed(alice, lost);
    await until(async () =>
      expect((await loadMap(await createStockClient(relay.url), lost)).get('word')).toBe('first'),
    );
  });

  it('loses nothing whenever the server closes its connections', async () => {
    const storage = await createPostgres();
    const relay = await startRelay({ storage });
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    for (let round = 0; round < 10; round++) {
      for (let count = 0; count < 20; count++) mine.set(`${round}`, count);
      await runStatement(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
        [],
        storage,
      );
      await until(() => {
        if (alice.syncManager.peers['relay']?.closed !== false) reconnectStock(alice, relay.url);
        expect(isConfirmed(alice, mine)).toBe(true);
      });
    }
    const theirs = await loadMap(await createStockClient((await startRelay({ storage })).url), mine);
    expect(theirs.toJSON()).toEqual(mine.toJSON());
  });
});
