import { expect, it } from 'vitest';
import type { Database } from '../../database/database.ts';
import type { Relay, RelayOptions } from '../../index.ts';
import { openRawClient, type RawClient } from '../../../../test/support/relay/raw-client.ts';
import {
  connectStock,
  createClientNode,
  createStockClient,
} from '../../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import {
  createSharedMap,
  isConfirmed,
  loadMap,
  openRelay,
  startRelay,
} from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';

/** A relay that has nothing in memory: another relay wrote its storage, which holds Alice's map of `MB` megabytes. */
async function startColdRelay({
  limits = {},
  MB = 0,
  change,
}: {
  limits?: RelayOptions['limits'];
  MB?: number;
  change?: (database: Database) => Database;
} = {}) {
  const storage = `pglite:${await createStorage()}`;
  const first = await openRelay({ storage });
  const alice = await createClientNode();
  const cut = connectStock(alice, first.url);
  const map = createSharedMap(alice);
  for (let count = 0; count < 20 * MB; count++) map.set(`key${count % 10}`, 'x'.repeat(50_000));
  await until(() => expect(isConfirmed(alice, map)).toBe(true), 60_000);
  cut();
  await first.close();
  const relay = await startRelay({ storage, limits }, change);
  return { relay, alice, map, id: map.id };
}

async function countInMemory(relay: Relay): Promise<number> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  return Number(/^maia_relay_covalues (\d+)$/m.exec(text)?.[1]);
}

it('answers a load and its dependencies from the storage, without loading them into memory', async () => {
  const { relay, id } = await startColdRelay();
  const before = await countInMemory(relay);
  const bob = await openRawClient(relay.url);
  bob.send({ action: 'load', id, header: false, sessions: {} });
  await bob.waitFor({ action: 'content', id });
  const ids = bob.received.filter(({ action }) => action === 'content').map((message) => message['id']);
  expect(new Set(ids).size).toBeGreaterThan(2);
  expect(ids.at(-1)).toBe(id);
  bob.send({ action: 'known', id, header: true, sessions: {} });
  bob.send({ maia: 'echo', t: 1 });
  await bob.waitFor({ maia: 'echoed' });
  expect(await countInMemory(relay)).toBe(before);
});

it('sends later edits by others, and resends content that a client reports missing', async () => {
  const { relay, id, alice, map } = await startColdRelay();
  const bob = await createStockClient(relay.url);
  const bobsMap = await loadMap(bob, map);
  connectStock(alice, relay.url);
  map.set('word', 'second');
  await until(() => expect(bobsMap.get('word')).toBe('second'));

  const other = await startColdRelay();
  const carol = await openRawClient(other.relay.url);
  carol.send({ action: 'known', id: other.id, header: true, sessions: {}, isCorrection: true });
  await carol.waitFor({ action: 'content', id: other.id });
  expect(id).not.toBe(other.id);
});

it('answers a repeated load once', async () => {
  const reads: (() => void)[] = [];
  let id = '';
  const { relay, map } = await startColdRelay({
    change: (database) => ({
      ...database,
      async query(sql, parameters) {
        if (id !== '' && JSON.stringify(parameters).includes(id))
          await new Promise<void>((go) => reads.push(go));
        return database.query(sql, parameters);
      },
    }),
  });
  id = map.id;
  const bob = await openRawClient(relay.url);
  const load = { action: 'load', id, header: false, sessions: {} };
  bob.send(Array.from({ length: 100 }, () => JSON.stringify(load)).join('\n'));
  bob.send({ maia: 'echo', t: 1 });
  await bob.waitFor({ maia: 'echoed' });
  id = '';
  for (const go of reads) go();
  bob.send({ ...load, id: map.group.id });
  await bob.waitFor({ action: 'content', id: map.id });
  bob.send({ maia: 'echo', t: 2 });
  await bob.waitFor({ maia: 'echoed', t: 2 });
  expect(bob.received.filter((message) => message['id'] === map.id)).toHaveLength(1);
});

it('waits for a slow client, whatever it has loaded', async () => {
  // More than a socket's buffers and a client's queue hold together.
  const { relay, id, alice, map } = await startColdRelay({ limits: { unreadBytes: 2_000_000 }, MB: 16 });
  const count = map.core.knownState().sessions[alice.currentSessionID] ?? 0;
  const load = { action: 'load', id, header: false, sessions: {} };
  const [bob, carol] = [await openRawClient(relay.url), await openRawClient(relay.url)];
  bob.socket.pause();
  bob.send(load);
  carol.send(load);
  await hasAll(carol, count);
  bob.socket.resume();
  await hasAll(bob, count);
  expect(bob.closeCode).toBeUndefined();
}, 120_000);

const hasAll = ({ received }: RawClient, count: number) =>
  until(() => {
    const pieces = received.flatMap(({ new: sessions = {} }) =>
      Object.values(sessions as Record<string, { after: number; newTransactions: unknown[] }>),
    );
    const counts = pieces.map(({ after, newTransactions }) => after + newTransactions.length);
    expect(Math.max(...counts)).toBe(count);
  }, 30_000);
