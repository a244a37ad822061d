import type { LocalNode, RawCoMap } from 'cojson';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Content, SessionContent } from '../../src/engine/content.ts';
import type { Relay } from '../../src/relay/index.ts';
import { openRawClient, type RawClient } from '../support/relay/raw-client.ts';
import { createStockClient } from '../support/relay/stock-client.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { confirmed, loadMap, openRelay, startGatedRelay, startRelay } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';

/** What a node's session has written into a value so far. */
function copyOf(node: LocalNode, { id }: { readonly id: string }): SessionContent {
  const pieces = node.getCoValue(id as Content['id']).newContentSince(undefined) ?? [];
  const found = pieces.find((piece) => piece.new[node.currentSessionID])?.new[node.currentSessionID];
  if (!found) throw new Error('The session is not there.');
  return structuredClone(found);
}

async function bringTo(raw: RawClient, { id }: RawCoMap, node: LocalNode, from: RawCoMap): Promise<void> {
  const { currentSessionID: sessionID } = node;
  raw.send({ action: 'content', id, priority: 3, new: { [sessionID]: copyOf(node, from) } });
  await raw.waitFor({ maia: 'refused', code: 'forbidden', closing: false, id, sessionID });
}

/** Alice and Bob use stock cojson. She has a map of her own, and may write into his, but has not yet. */
async function setUp(url: string) {
  const [alice, bob] = [await createStockClient(url), await createStockClient(url)];
  const group = bob.createGroup();
  group.addMember('everyone', 'writer');
  const target = group.createMap({ word: 'first' });
  const mine = alice.createGroup().createMap();
  await confirmed(alice, mine);
  await confirmed(bob, target);
  return { alice, bob, target, mine };
}

/** Alice's first edit of Bob's map, under the session that the stranger has brought. */
async function expectWritable(alice: LocalNode, target: RawCoMap): Promise<void> {
  const view = await loadMap(alice, target);
  view.set('word', 'by Alice');
  await confirmed(alice, view);
  await until(() => expect(target.get('word')).toBe('by Alice'));
}

describe('[RELAY-26] a stranger who brings what a stock account has signed elsewhere', () => {
  let relay: Relay;
  beforeAll(async () => {
    relay = await openRelay({ storage: 'memory:' });
  });
  afterAll(() => relay.close());

  it.each(['private', 'trusting'] as const)('does not take the place of its edits (%s)', async (privacy) => {
    const { alice, target, mine } = await setUp(relay.url);
    mine.set('a', 1, privacy);
    await confirmed(alice, mine);
    await bringTo(await openRawClient(relay.url), target, alice, mine);
    await expectWritable(alice, target);
  });

  it('does not take it after the relay has started again', async () => {
    const storage = `pglite:${await createStorage()}`;
    const before = await openRelay({ storage });
    const port = Number(new URL(before.url).port);
    const { alice, target, mine } = await setUp(before.url);
    mine.set('a', 1);
    await confirmed(alice, mine);
    await before.close();
    const after = await openRelay({ storage, port });
    onTestFinished(after.close);
    await bringTo(await openRawClient(after.url), target, alice, mine);
  });
});

describePostgres('[RELAY-26] a stranger on two relays with one database', () => {
  it('sees no beginning before the other relay knows it, and takes no place', async () => {
    const storage = await createPostgres();
    const { relay, gate } = await startGatedRelay({ storage }, 'ahead');
    const other = await startRelay({ storage });
    const { alice, target, mine } = await setUp(relay.url);
    const stranger = await openRawClient(relay.url);
    stranger.send({ action: 'load', id: mine.id, header: false, sessions: {} });
    await stranger.waitFor({ action: 'content', id: mine.id });
    const { currentSessionID: session } = alice;
    const hasSeen = () =>
      stranger.received.some(({ id, new: sessions }) => id === mine.id && session in Object(sessions));

    gate.close();
    mine.set('a', 1);
    await until(() => expect(gate.waiting).toBeGreaterThan(0));
    stranger.send({ maia: 'echo', t: 1 });
    await stranger.waitFor({ maia: 'echoed', t: 1 });
    expect(hasSeen()).toBe(false);
    gate.open();
    await until(() => expect(hasSeen()).toBe(true));
    await bringTo(await openRawClient(other.url), target, alice, mine);
    await expectWritable(alice, target);
  });
});
