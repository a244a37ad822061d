import type { LocalNode, RawCoMap } from 'cojson';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { askForSelf } from '../support/relay/erasure-requests.ts';
import { accountAt, give } from '../support/relay/given-content.ts';
import { accountOf, changesOf, push } from '../support/relay/stateless-client.ts';
import { createClientNode, createStockClient } from '../support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { confirmed, createSharedMap, loadMap, openRelay, startRelay } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';
import { readText, root } from './markdown.ts';

type Fetch = (address: string, init?: RequestInit) => Promise<Response>;

interface StatelessClient {
  push(...ids: readonly string[]): Promise<{ readonly accepted: readonly { readonly id: string }[] }>;
  pull(...ids: readonly string[]): Promise<void>;
  listen(
    collections: readonly string[],
    changed: () => void,
    open: (address: string) => WebSocket,
  ): () => void;
}

const { createStatelessClient } = (await import(
  /* @vite-ignore */ join(root, 'docs/stateless/client.mjs')
)) as {
  createStatelessClient(options: {
    readonly node: LocalNode;
    readonly url: string;
    readonly clientId: string;
    readonly fetch?: Fetch;
  }): StatelessClient;
};

it('the example is about 130 lines long', () => {
  expect(readText('docs/stateless/client.mjs').trim().split('\n').length).toBeLessThan(138);
});

describePostgres('the documented client without a connection', () => {
  it('[RELAY-69] reads and writes through any relay of a storage that requires accounts to sign in', async () => {
    const storage = await createPostgres();
    const auth = { account: true };
    const publicUrls = ['wss://relay.example.org/sync'];
    const relays = [
      await startRelay({ storage, auth, publicUrls }),
      await startRelay({ storage, auth, publicUrls }),
    ];
    let asked = 0;
    const fetchAny: Fetch = (address, init) =>
      fetch(address.replace('https://relay.example.org', relays[asked++ % 2]?.url ?? ''), init);
    const clientOf = (node: LocalNode, clientId: string) =>
      createStatelessClient({ node, url: 'https://relay.example.org/sync', clientId, fetch: fetchAny });
    const [alice, bob] = [await createClientNode(), await createClientNode()];
    const [hers, his] = [clientOf(alice, 'alice'), clientOf(bob, 'bob')];
    const map = createSharedMap(alice);
    const other = map.group.createMap({ word: 'other' });
    await hers.push(map.id);
    await his.pull(map.id);
    const theirs = await loadMap(bob, map);
    expect(theirs.get('word')).toBe('first');
    theirs.set('word', 'his');
    await his.push(map.id);
    map.set('more', 'hers');
    await hers.push(map.id, other.id);
    await hers.pull(map.id);
    await his.pull(other.id);
    const shown = (one: RawCoMap) => one.toJSON();
    expect(shown(theirs)).toEqual({ word: 'his', more: 'hers' });
    expect(shown(map)).toEqual(shown(theirs));
    expect((await loadMap(bob, other)).get('word')).toBe('other');
    other.set('word', 'later');
    await hers.push(other.id);
    await his.pull();
    expect((await loadMap(bob, other)).get('word')).toBe('later');
    expect(await hers.push(map.id)).toMatchObject({ accepted: [] });
    let noticed = 0;
    const openAny = (address: string) =>
      new WebSocket(
        address.replace('wss://relay.example.org', relays[asked++ % 2]?.url.replace('http', 'ws') ?? ''),
      );
    const stop = clientOf(bob, 'listening').listen([other.group.id], () => void noticed++, openAny);
    onTestFinished(stop);
    await until(() => expect(noticed).toBe(1));
    other.set('word', 'noticed');
    await hers.push(other.id);
    await until(() => expect(noticed).toBe(2));
  });
});

it('[RELAY-67] the documented client begins anew after a restore, and meets clients with a connection', async () => {
  let relay = await openRelay({ storage: 'memory:' });
  const node = await createClientNode();
  const client = createStatelessClient({
    node,
    url: 'https://relay.example.org/sync',
    clientId: 'one',
    fetch: (address, init) => fetch(address.replace('https://relay.example.org', relay.url), init),
  });
  const map = createSharedMap(node);
  await client.push(map.id);
  await client.pull(map.id);
  await relay.close();
  relay = await startRelay({ storage: 'memory:' });
  const connected = await createStockClient(relay.url);
  const theirs = createSharedMap(connected);
  await confirmed(connected, theirs);
  await client.pull(theirs.id);
  const loaded = await loadMap(node, theirs);
  loaded.set('word', 'without a connection');
  await client.push(theirs.id);
  await until(() => expect(theirs.get('word')).toBe('without a connection'));
});

it('[RELAY-93] the documented client leaves out what an erased account wrote, and throws what is refused of its own', async () => {
  const { url } = await startRelay({ storage: 'memory:' });
  const [alice, bob] = [await createClientNode(), await createClientNode()];
  const clientOf = (node: LocalNode) =>
    createStatelessClient({
      ...{ node, url: 'https://relay.example.org/sync', clientId: 'one' },
      fetch: (address, init) => fetch(address.replace('https://relay.example.org', url), init),
    });
  const map = createSharedMap(bob);
  map.group.addMember(accountAt(bob, alice), 'writer');
  await push(url, changesOf(alice, accountOf(alice)));
  await clientOf(bob).push(map.id);
  expect((await askForSelf(url, alice, 'erase')).status).toBe(200);
  give(bob, alice, accountOf(bob), map.group, map);
  const hers = await loadMap(alice, map);
  hers.set('word', 'alices');
  give(alice, bob, map);
  map.set('word', 'bobs');
  const { accepted } = await clientOf(bob).push(map.id);
  expect(accepted.find(({ id }) => id === map.id)).toEqual({
    id: map.id,
    sessions: { [bob.currentSessionID]: 2 },
  });
  await expect(clientOf(alice).push(map.id)).rejects.toMatchObject({ code: 'forbidden' });
});
