import { cojsonInternals, type LocalNode, type RawCoMap, type SessionID } from 'cojson';
import { expect, it, vi } from 'vitest';
import type { Content } from '../../engine/content.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  createClientNode,
  createStockClient,
  connectStock,
  crypto,
} from '../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  openRelay,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const ghost = 'co_zGhost1111111111111111';

function contentOf({ core }: RawCoMap): Content {
  const [piece] = core.newContentSince(undefined) ?? [];
  if (!piece) throw new Error('There is no content.');
  return piece;
}

/** Content in the name of a nonexistent account, with an invalid signature. */
function byGhost(map: RawCoMap): Content {
  const { new: sessions, ...piece } = contentOf(map);
  const [content] = Object.values(sessions);
  if (!content) throw new Error('There is no content.');
  return { ...piece, new: { [`${ghost}_session_z1111` as SessionID]: content } };
}

/** The owner's content, modified after signing. */
function forged(map: RawCoMap, after: number): Content {
  const { new: sessions, ...piece } = contentOf(map);
  const signer = crypto.newRandomSigner();
  const changed = Object.entries(sessions).map(([session, content]) => [
    session,
    {
      after,
      newTransactions: content.newTransactions.slice(after).concat(content.newTransactions.slice(0, 1)),
      lastSignature: crypto.sign(signer, 'something else'),
    },
  ]);
  return { ...piece, new: Object.fromEntries(changed) as Content['new'] };
}

async function upload(node: LocalNode, map: RawCoMap, url: string): Promise<void> {
  connectStock(node, url);
  await confirmed(node, map);
}

it('content by a nonexistent author does not block the owner’s edits', async () => {
  const relay = await startRelay({ storage: 'memory:' });
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  const stranger = await openRawClient(relay.url);
  stranger.send(byGhost(mine));
  // The relay asks the stranger for the author; the stranger does not answer.
  await stranger.waitFor({ action: 'load', id: ghost });
  await upload(owner, mine, relay.url);
  for (let count = 1; count <= 10; count++) {
    stranger.send({ ...byGhost(mine), header: undefined });
    mine.set('count', count);
    await confirmed(owner, mine);
  }
  const bob = await createStockClient(relay.url);
  expect((await loadMap(bob, mine)).get('count')).toBe(10);
});

it('a stranger’s claim that a group, stored but not in memory, extends a missing one blocks no client', async () => {
  const storage = `pglite:${await createStorage()}`;
  const first = await openRelay({ storage });
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  await upload(owner, mine, first.url);
  await first.close();

  const relay = await startRelay({ storage });
  const stranger = await openRawClient(relay.url);
  const { header: _, ...piece } = contentOf(mine);
  const group = (mine.group.core.newContentSince(undefined) ?? [])[0];
  const [[session, content] = ['', undefined]] = Object.entries(group?.new ?? {});
  if (!group || !content) throw new Error('There is no content.');
  const changes = cojsonInternals.stableStringify([{ op: 'set', key: `parent_${ghost}`, value: 'extend' }]);
  const transaction = { privacy: 'trusting', madeAt: 1, changes };
  stranger.send({
    ...piece,
    id: group.id,
    new: { [session]: { ...content, after: 0, newTransactions: [transaction] } },
  });
  await stranger.waitFor({ action: 'load', id: ghost });
  connectStock(owner, relay.url);
  owner.syncManager.removePeer('relay');
  connectStock(owner, relay.url);
  mine.set('word', 'second');
  mine.group.set('everyone', 'reader', 'trusting');
  await confirmed(owner, mine);
  const bob = await createStockClient(relay.url);
  await until(async () => expect((await loadMap(bob, mine)).get('word')).toBe('second'));
});

it('invalid signatures from a stranger do not affect the owner’s edits', async () => {
  const relay = await startRelay({ storage: 'memory:' });
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  const account = owner.getCoValue(owner.getCurrentAccountOrAgentID() as typeof mine.id);
  const stranger = await openRawClient(relay.url);
  // With all dependencies, so that only the signature is invalid.
  for (const core of [account, mine.group.core]) {
    for (const piece of core.newContentSince(undefined) ?? []) stranger.send(piece);
  }
  stranger.send(forged(mine, 0));
  await stranger.waitFor({ maia: 'refused', code: 'fork', id: mine.id });
  await upload(owner, mine, relay.url);
  for (let count = 1; count <= 10; count++) {
    const another = count % 4 === 0 ? await openRawClient(relay.url) : stranger;
    another.send(forged(mine, count));
    mine.set('count', count);
    await confirmed(owner, mine);
  }
  const bob = await createStockClient(relay.url);
  expect((await loadMap(bob, mine)).get('count')).toBe(10);
  expect(isConfirmed(owner, mine)).toBe(true);
});

/** Base58 has no 0. */
const asBase58 = (count: number) => String(count).replaceAll('0', 'z');

it('[RELAY-20] a client stays connected, however many forks it forwards', async () => {
  // cojson logs every session that it refuses.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const relay = await startRelay({ storage: 'memory:' });
  const owner = await createClientNode();
  const mine = createSharedMap(owner);
  await upload(owner, mine, relay.url);
  const client = await openRawClient(relay.url);
  const { new: sessions, ...piece } = forged(mine, 0);
  const [content] = Object.values(sessions);
  const account = owner.getCurrentAccountOrAgentID();
  const count = 1_500;
  for (let first = 0; first < count; first += 50) {
    const some = Array.from({ length: 50 }, (_, place) => [
      `${account}_session_z${asBase58(first + place)}`,
      content,
    ]);
    client.send({ ...piece, new: Object.fromEntries(some) as typeof sessions });
  }
  const isFork = ({ maia, code }: Record<string, unknown>) => maia === 'refused' && code === 'fork';
  await until(() => expect(client.received.filter(isFork)).toHaveLength(count));
  mine.set('count', 1);
  await confirmed(owner, mine);
  for (const one of mine.core.newContentSince(undefined) ?? []) client.send(one);
  const session = owner.currentSessionID;
  await until(() => {
    const last = client.received.findLast(({ action, id }) => action === 'known' && id === mine.id);
    expect(last).toMatchObject({ sessions: { [session]: 2 } });
  });
  expect(client.closeCode).toBeUndefined();
});
