import type { LocalNode, RawCoMap } from 'cojson';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { openRelay, startGatedRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { createAgentNode, startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Relay } from '../../relay/index.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { httpTransport, webSocketTransport } from '../../transport/ordinary-transports.ts';
import type { Transport } from '../../transport/transport.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';
import { until } from '../../../test/support/until.ts';

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ inspect: true });
});
afterAll(() => relay.close());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Device {
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly inspector: Inspector;
  readonly map: RawCoMap;
}

async function startDevice(
  urls: readonly string[],
  transport: Transport = webSocketTransport(),
): Promise<Device> {
  const node = await createAgentNode();
  const sync = startSync({
    node,
    sync: { relays: urls.map((url) => ({ url: `${url}/sync` })), transports: [transport] },
    storage: { status: foreignStorageStatus(node) },
    platform: createNodePlatform(),
    logger: silentLogger,
  });
  const inspector = createInspector(sync);
  ends.push(
    () => sync.close(),
    () => inspector.close(),
  );
  return { node, sync, inspector, map: node.createGroup().createMap({ title: 'Crew list' }) };
}

const hostOf = ({ url }: Pick<Relay, 'url'>) => new URL(url).host;
const knownOf = ({ map }: Device) => {
  const { header, sessions } = map.core.knownState();
  return { header, sessions };
};

describe.each([
  ['WebSocket', webSocketTransport],
  ['HTTP', httpTransport],
])('over %s', (_, transport) => {
  it('a relay reports what it has committed, while this device has more', async () => {
    const { relay, gate } = await startGatedRelay({ inspect: true }, 'ahead');
    const device = await startDevice([relay.url], transport());
    const { inspector, sync, map } = device;
    await sync.whenConfirmed(map);
    const confirmed = knownOf(device);
    const [answer] = await inspector.askRelays(map.id);
    expect(answer).toMatchObject({ relay: hostOf(relay), known: confirmed });
    expect(answer?.atMs).toBeGreaterThan(Date.now() - 10_000);

    gate.close();
    map.set('title', 'Mooring note');
    await until(() => expect(gate.waiting).toBeGreaterThan(0));
    expect(await inspector.askRelays(map.id)).toMatchObject([{ known: confirmed }]);
    expect(knownOf(device)).not.toEqual(confirmed);
    gate.open();
    await sync.whenConfirmed(map);
    expect(await inspector.askRelays(map.id)).toMatchObject([{ known: knownOf(device) }]);
  });
});

it('queries a CoValue unknown to this device, without loading it', async () => {
  const author = await startDevice([relay.url]);
  const { inspector, sync, map, node } = await startDevice([relay.url]);
  for (const device of [author, { sync, map }]) await device.sync.whenConfirmed(device.map);
  const before = [...node.allCoValues()].length;
  expect(await inspector.askRelays(author.map.id)).toMatchObject([{ known: knownOf(author) }]);
  expect(await inspector.askRelays('co_zNowhere')).toMatchObject([{ known: null }]);
  expect([...node.allCoValues()]).toHaveLength(before);
});

it('each relay answers separately, in the order of the snapshot', async () => {
  const [shut, stock] = [await startRelay(), await startStockRelay()];
  ends.push(() => stock.close());
  const stockURL = stock.url.replace(/\/sync$/, '');
  const device = await startDevice([relay.url, shut.url, stockURL]);
  const { inspector, sync, map } = device;
  await sync.whenConfirmed(map);
  const answers = await inspector.askRelays(map.id);
  expect(answers).toMatchObject([
    { relay: hostOf(relay), known: knownOf(device) },
    { relay: hostOf(shut), unanswered: 'not-offered' },
    { relay: new URL(stockURL).host, unanswered: 'stock-relay' },
  ]);
  expect(answers.map(({ relayID }) => relayID)).toEqual(inspector.snapshot().peers.map(({ id }) => id));
  expect(JSON.parse(JSON.stringify(answers))).toEqual(answers);
});

it('sends nothing without a connection, and stops waiting when the connection ends', async () => {
  let isOpen = true;
  const relay = await startRelay({ inspect: true }, (database) => ({
    ...database,
    query: (sql, parameters) => (isOpen ? database.query(sql, parameters) : new Promise(() => {})),
  }));
  const { inspector, sync, map } = await startDevice([relay.url]);
  await sync.whenConfirmed(map);
  isOpen = false;
  const asked = inspector.askRelays(map.id);
  inspector.controls.pause();
  expect(await asked).toMatchObject([{ unanswered: 'disconnected' }]);
  expect(await inspector.askRelays(map.id)).toMatchObject([{ unanswered: 'not-connected' }]);
});

it('rejects an invalid ID, and sends nothing once the inspector is closed', async () => {
  const { inspector, sync, map } = await startDevice([relay.url]);
  await sync.whenConfirmed(map);
  for (const id of ['', 'co_', "co_z' or 1", `co_z${'A'.repeat(10_000)}`]) {
    await expect(inspector.askRelays(id)).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
  }
  expect(sync.current.peers[0]?.phase).toBe('connected');
  inspector.close();
  expect(await inspector.askRelays(map.id)).toMatchObject([{ unanswered: 'closed' }]);
});

it('[PANEL-4] a snapshot sends no query', async () => {
  const { inspector, sync, map } = await startDevice([relay.url]);
  await sync.whenConfirmed(map);
  inspector.snapshot();
  inspector.explain(map.id);
  const asks = () => inspector.messages.read().rows.filter(({ note }) => note === 'inspect');
  expect(asks()).toEqual([]);
  await inspector.askRelays(map.id);
  expect(asks()).toHaveLength(1);
});
