import type { LocalNode } from 'cojson';
import { afterEach, describe, expect, it } from 'vitest';
import { createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import { logMessages, type LogNames } from '../../../test/support/sync/message-log.ts';
import { createAgentNode, startStockRelay, type StockRelay } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { SyncOptions, SyncPeers } from '../sync-peers.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function stockRelay(port?: number): Promise<StockRelay> {
  const relay = await startStockRelay(port === undefined ? {} : { port });
  ends.push(() => relay.close());
  return relay;
}

interface Device {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly log: (names: LogNames) => readonly string[];
}

/** A device whose messages are logged from its first connection on. */
async function device(options: SyncOptions): Promise<Device> {
  const node = await createAgentNode();
  const sync = startMemorySync(node, options);
  ends.push(() => sync.close());
  return { node, sync, log: logMessages(sync) };
}

const untilConnected = ({ sync }: Device) =>
  until(() => sync.current.peers.every(({ phase }) => phase === 'connected'));
const untilConfirmed = ({ sync }: Device) => until(() => sync.current.status === 'confirmed');

describe('the order of messages', () => {
  it('handshake: both sides introduce themselves before the first sync message', async () => {
    const relay = await startRelay();
    const client = await device({ url: relay.url });
    const map = createSharedMap(client.node);
    await untilConfirmed(client);
    expect(client.log({ coValues: { map } })).toMatchInlineSnapshot(`
      [
        "client -- server | OPENED",
        "server -> client | HELLO",
        "client -> server | HI",
        "client -> server | LOAD map sessions: header/1",
        "server -> client | KNOWN map sessions: empty",
        "client -> server | CONTENT map header after 0: 1",
        "server -> client | KNOWN map sessions: header/1",
      ]
    `);
  });

  it('acknowledgement: an edit is sent as content and confirmed by a known state', async () => {
    const relay = await stockRelay();
    const client = await device({ url: relay.url });
    await untilConnected(client);
    const map = createSharedMap(client.node);
    map.set('colour', 'red');
    await untilConfirmed(client);
    expect(client.log({ coValues: { map } })).toMatchInlineSnapshot(`
      [
        "client -- server | OPENED",
        "client -> server | HI",
        "client -> server | CONTENT map header after 0: 2",
        "server -> client | KNOWN map sessions: header/2",
      ]
    `);
  });

  it('catch-up: a second device requests a map, and receives its group first', async () => {
    const relay = await stockRelay();
    const author = await device({ url: relay.url });
    const map = createSharedMap(author.node);
    map.set('colour', 'red');
    await untilConfirmed(author);
    const reader = await device({ url: relay.url });
    await untilConnected(reader);
    expect(await reader.node.load(map.id)).not.toBe('unavailable');
    await until(() => reader.log({ coValues: { map } }).some((line) => line.includes('KNOWN')));
    expect(reader.log({ coValues: { map, group: map.group } })).toMatchInlineSnapshot(`
      [
        "client -- server | OPENED",
        "client -> server | HI",
        "client -> server | LOAD map sessions: empty",
        "server -> client | CONTENT group header after 0: 6",
        "server -> client | CONTENT map header after 0: 2",
        "client -> server | KNOWN group sessions: header/6",
        "client -> server | KNOWN map sessions: header/2",
      ]
    `);
  });

  it('retry: after a disconnection the device offers its state, and sends what the relay lacks', async () => {
    const relay = await stockRelay();
    const client = await device({ url: relay.url });
    await untilConnected(client);
    const map = createSharedMap(client.node);
    await untilConfirmed(client);
    await relay.close();
    await until(() => client.sync.current.peers[0]?.phase !== 'connected');
    map.set('colour', 'red');
    await stockRelay(relay.port);
    client.sync.reconnect();
    await untilConfirmed(client);
    expect(client.log({ coValues: { map } })).toMatchInlineSnapshot(`
      [
        "client -- server | OPENED",
        "client -> server | HI",
        "client -> server | CONTENT map header after 0: 1",
        "server -> client | KNOWN map sessions: header/1",
        "client -- server | CLOSED",
        "client -- server | OPENED",
        "client -> server | HI",
        "client -> server | LOAD map sessions: header/2",
        "server -> client | KNOWN map sessions: empty",
        "client -> server | CONTENT map header after 0: 2",
        "server -> client | KNOWN map sessions: header/2",
      ]
    `);
  });

  it('two relays: each receives the edit, and each confirms it', async () => {
    const [one, two] = [await stockRelay(), await stockRelay()];
    const client = await device({ relays: [{ url: one.url }, { url: two.url }] });
    await untilConnected(client);
    const map = createSharedMap(client.node);
    await untilConfirmed(client);
    const relays = { [new URL(one.url).host]: 'one', [new URL(two.url).host]: 'two' };
    const lines = client.log({ coValues: { map }, relays });
    expect(lines.filter((line) => line.includes('one'))).toMatchInlineSnapshot(`
      [
        "client -- one | OPENED",
        "client -> one | HI",
        "client -> one | CONTENT map header after 0: 1",
        "one -> client | KNOWN map sessions: header/1",
      ]
    `);
    expect(lines.filter((line) => line.includes('two'))).toMatchInlineSnapshot(`
      [
        "client -- two | OPENED",
        "client -> two | HI",
        "client -> two | CONTENT map header after 0: 1",
        "two -> client | KNOWN map sessions: header/1",
      ]
    `);
  });
});
