import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Relay } from '../../index.ts';
import { openHttpClient } from '../../../../test/support/relay/http-client.ts';
import { createReadGate } from '../../../../test/support/relay/read-gate.ts';
import { openRawClient, type RawClient } from '../../../../test/support/relay/raw-client.ts';
import { connectStock, createStockClient } from '../../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import {
  confirmed,
  createSharedMap,
  openRelay,
  startGatedRelay,
  startRelay,
} from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';

const hi = { maia: 'hi', v: 1, kernel: '0.0.0' };
const inspect = (ask: number, id: string) => ({ maia: 'inspect', ask, id });
const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const unknownIDs = (count: number) =>
  Array.from({ length: count }, (_, index) => `co_zUnknown${'A'.repeat(index)}`);
const answersTo = ({ received }: Pick<RawClient, 'received'>) =>
  received.filter(({ maia }) => maia === 'inspected');

let lastAsk = 0;

/** Queries the current state of a CoValue. */
async function inspectNow(client: RawClient, id: string): Promise<unknown> {
  const ask = ++lastAsk;
  client.send(inspect(ask, id));
  await client.waitFor({ maia: 'inspected', ask, id });
  return client.received.find((message) => message.maia === 'inspected' && message.ask === ask)?.known;
}

const stateOf = ({ core }: ReturnType<typeof createSharedMap>) => {
  const { header, sessions } = core.knownState();
  return { header, sessions };
};

async function readMetric(relay: Relay, name: string): Promise<number> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1),
  );
}

function describeInspecting(createPlace: () => Promise<string>): void {
  it('gets the state of an open CoValue, and null for a missing one', async () => {
    const relay = await startRelay({ storage: await createPlace(), inspect: true });
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const theirs = await bob.load(mine.id);
    if (theirs === 'unavailable') throw new Error('The CoValue is unavailable.');
    theirs.set('word', 'second');
    await confirmed(bob, theirs);

    const client = await openRawClient(relay.url);
    expect(client.received[0]).toMatchObject({ maia: 'hello', inspect: true });
    const known = await inspectNow(client, mine.id);
    expect(known).toEqual(stateOf(theirs));
    expect(Object.keys(theirs.core.knownState().sessions)).toHaveLength(2);
    expect(await inspectNow(client, 'co_zNowhere')).toBeNull();
  });

  it('[RELAY-13] gets no state that waits for its commit', async () => {
    const { relay, gate } = await startGatedRelay({ storage: await createPlace(), inspect: true }, 'ahead');
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const committed = stateOf(mine);
    gate.close();
    mine.set('word', 'second');
    await until(() => expect(gate.waiting).toBeGreaterThan(0));
    const client = await openRawClient(relay.url);
    expect(await inspectNow(client, mine.id)).toEqual(committed);
    gate.open();
    await confirmed(alice, mine);
    expect(await inspectNow(client, mine.id)).toEqual(stateOf(mine));
    expect(stateOf(mine)).not.toEqual(committed);
  });
}

let shared: Relay;
beforeAll(async () => {
  shared = await openRelay({ inspect: true });
});
afterAll(() => shared.close());

describe('a client that queries the committed state', () => {
  describe('in memory', () => describeInspecting(() => Promise.resolve('memory:')));
  describe('on PGlite', () => describeInspecting(async () => `pglite:${await createStorage()}`));
  describePostgres('on PostgreSQL', () => {
    describeInspecting(createPostgres);

    it('gets no rows of an open transaction', async () => {
      const { relay, gate } = await startGatedRelay({ storage: await createPostgres(), inspect: true });
      const alice = await createStockClient(relay.url);
      await confirmed(alice, createSharedMap(alice));
      gate.close();
      const mine = createSharedMap(alice);
      await until(() => expect(gate.waiting).toBe(1));
      const client = await openRawClient(relay.url);
      expect(await inspectNow(client, mine.id)).toBeNull();
      gate.open();
      await confirmed(alice, mine);
      expect(await inspectNow(client, mine.id)).toEqual(stateOf(mine));
    });

    it('gets the commits of all relays from each of them', async () => {
      const storage = await createPostgres();
      const relays = [
        await startRelay({ storage, inspect: true }),
        await startRelay({ storage, inspect: true }),
      ] as const;
      const alice = await createStockClient(relays[0].url);
      const mine = createSharedMap(alice);
      await confirmed(alice, mine);
      const client = await openRawClient(relays[1].url);
      client.send(load(mine.id));
      await client.waitFor({ action: 'content', id: mine.id });
      for (let count = 1; count <= 10; count++) {
        mine.set('count', count);
        await confirmed(alice, mine);
        // The other relay may not have been notified yet, but the rows are committed.
        expect(await inspectNow(client, mine.id)).toEqual(stateOf(mine));
      }
    });
  });

  it('causes no load into memory and no subscription', async () => {
    const storage = `pglite:${await createStorage()}`;
    const first = await startRelay({ storage });
    const alice = await createStockClient(first.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    await first.close();

    const relay = await startRelay({ storage, inspect: true, limits: { subscribed: 10 } });
    const client = await openRawClient(relay.url);
    const before = await readMetric(relay, 'maia_relay_covalues');
    expect(await inspectNow(client, mine.id)).toEqual(stateOf(mine));
    for (const id of unknownIDs(20)) expect(await inspectNow(client, id)).toBeNull();
    expect(await readMetric(relay, 'maia_relay_covalues')).toBe(before);

    alice.syncManager.removePeer('relay');
    connectStock(alice, relay.url);
    mine.set('word', 'second');
    await confirmed(alice, mine);
    expect(await inspectNow(client, mine.id)).toEqual(stateOf(mine));
    expect(client.received.filter(({ action }) => action !== undefined)).toEqual([]);
  });

  it('is answered over HTTP too', async () => {
    const client = await openHttpClient(shared.url);
    await client.post([hi, inspect(1, 'co_zA')].map((frame) => JSON.stringify(frame)).join('\n'));
    await client.waitFor((each) => answersTo(each).length === 1);
    expect(answersTo(client)).toEqual([{ maia: 'inspected', ask: 1, id: 'co_zA', known: null }]);
  });

  it('is counted', async () => {
    const count = (kind: string, direction: string) =>
      readMetric(shared, `maia_relay_messages_total{kind="${kind}",direction="${direction}"}`);
    const counts = async () => [await count('inspect', 'in'), await count('inspected', 'out')];
    const client = await openRawClient(shared.url);
    expect(await inspectNow(client, 'co_zA')).toBeNull();
    const [asked = NaN, answered = NaN] = await counts();
    expect(answered).toBeGreaterThan(0);
    for (let time = 0; time < 3; time++) await inspectNow(client, 'co_zA');
    expect(await counts()).toEqual([asked + 3, answered + 3]);
  });

  it('gets no answer if it may not load either', async () => {
    const relay = await startRelay({ inspect: true, minAppVersion: '2.0.0' });
    const client = await openRawClient(relay.url);
    client.send(inspect(1, 'co_zA'));
    await client.waitFor({ maia: 'refused', code: 'outdated', closing: true });
    expect(answersTo(client)).toEqual([]);
  });

  it('gets no answer if the relay does not offer queries', async () => {
    const relay = await startRelay();
    const client = await openRawClient(relay.url);
    client.send(inspect(1, 'co_zA'));
    client.send({ ...load('co_zA') });
    await client.waitFor({ action: 'known', id: 'co_zA' });
    expect(client.received[0]).toMatchObject({ inspect: false });
    expect(client.received).toHaveLength(2);
  });

  it.each([
    ['without a number', { maia: 'inspect', id: 'co_zA' }],
    ['with a number beyond the range of JSON', inspect(2 ** 60, 'co_zA')],
    ['with an invalid ID', inspect(1, "co_z'; drop table covalues")],
  ])('is disconnected if it queries %s', async (_, frame) => {
    const client = await openRawClient(shared.url);
    client.send(frame);
    await client.waitFor({ maia: 'refused', code: 'invalid', closing: true });
  });

  it('waits while the database cannot be read, and then gets the current state', async () => {
    let isBroken = false;
    const relay = await startRelay({ inspect: true }, (database) => ({
      ...database,
      query: (sql, parameters) =>
        isBroken ? Promise.reject(new Error('The database is broken.')) : database.query(sql, parameters),
    }));
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const client = await openRawClient(relay.url);
    isBroken = true;
    client.send([inspect(1, mine.id), { maia: 'echo', t: 1 }].map((each) => JSON.stringify(each)).join('\n'));
    await client.waitFor({ maia: 'echoed', t: 1 });
    expect(answersTo(client)).toEqual([]);
    isBroken = false;
    await client.waitFor({ maia: 'inspected', ask: 1, known: stateOf(mine) });
  });
});

describe('a client with very many queries', () => {
  it('is read again as its queries are answered, and does not delay others', async () => {
    const { asked, letThrough, change } = createReadGate();
    const limits = { openLoads: 5 };
    const relay = await startRelay({ inspect: true, limits }, change);
    const other = await openRawClient(relay.url);
    const client = await openRawClient(relay.url);
    const ids = unknownIDs(20);
    // Loads and queries count together.
    const mixed = ids.map((id, index) => (index % 2 === 0 ? load(id) : inspect(index, id)));
    client.send([...mixed, { maia: 'echo', t: 1 }].map((each) => JSON.stringify(each)).join('\n'));
    await until(() => expect(asked.size).toBeGreaterThan(0));
    other.send({ maia: 'echo', t: 2 });
    await other.waitFor({ maia: 'echoed', t: 2 });
    expect(client.received).toHaveLength(1);
    expect(asked.size).toBeLessThanOrEqual(5);

    letThrough();
    await client.waitFor({ maia: 'echoed', t: 1 });
    await until(() => expect(answersTo(client)).toHaveLength(10));
    expect(answersTo(client).map(({ id }) => id)).toEqual(ids.filter((_, index) => index % 2 === 1));
  });
});
