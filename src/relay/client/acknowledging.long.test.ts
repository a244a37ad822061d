import { describe, expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import {
  connectStock,
  createClientNode,
  createStockClient,
} from '../../../test/support/relay/stock-client.ts';
import {
  confirmed,
  createSharedMap,
  isConfirmed,
  loadMap,
  readHealth,
  startGatedRelay,
} from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

describe('an acknowledgement', () => {
  it('[RELAY-1] waits for the commit, while other clients see the edit earlier', async () => {
    const { relay, gate } = await startGatedRelay();
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const theirs = await loadMap(bob, mine);

    gate.close();
    mine.set('word', 'held');
    await until(() => expect(theirs.get('word')).toBe('held'));
    await until(() => expect(gate.waiting).toBe(1));
    expect(isConfirmed(alice, mine)).toBe(false);

    gate.open();
    await confirmed(alice, mine);
  });

  it('precedes the commit in no kind of message', async () => {
    const { relay, gate } = await startGatedRelay();
    const node = await createClientNode();
    const mine = createSharedMap(node);
    const client = await openRawClient(relay.url);
    gate.close();
    for (const id of [node.expectCurrentAccountID('test'), mine.group.id, mine.id]) {
      for (const piece of node.getCoValue(id).newContentSince(undefined) ?? []) client.send(piece);
    }
    client.send({ action: 'load', ...mine.core.knownState() });
    client.send({ action: 'reconcile', id: 'batch', values: [[mine.id, node.crypto.shortHash({})]] });
    await until(() => expect(gate.waiting).toBe(1));
    // The relay answers in order, so it has handled everything before this echo.
    client.send({ maia: 'echo', t: 1 });
    await client.waitFor({ maia: 'echoed' });
    expect(client.received.filter(({ maia }) => maia === undefined)).toEqual([]);

    gate.open();
    await client.waitFor({ action: 'known', ...mine.core.knownState() });
  });

  it('[RELAY-2] is not sent while commits fail; if they keep failing, clients are refused until the storage recovers', async () => {
    const { relay, gate } = await startGatedRelay();
    const raw = await openRawClient(relay.url);
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    gate.setFull(true);
    mine.set('word', 'unwritten');
    await until(async () => expect((await readHealth(relay)).code).toBe(503));
    expect((await readHealth(relay)).body).toMatchObject({ status: 'failing', ready: false });
    expect(isConfirmed(alice, mine)).toBe(false);
    const refusal = { maia: 'refused', code: 'storage', closing: true };
    await until(() => expect(raw.received).toContainEqual(expect.objectContaining(refusal)));
    await (await openRawClient(relay.url)).waitFor(refusal);

    gate.setFull(false);
    await until(async () =>
      expect(await readHealth(relay)).toMatchObject({ code: 200, body: { status: 'ok', ready: true } }),
    );
    alice.syncManager.removePeer('relay');
    connectStock(alice, relay.url);
    await confirmed(alice, mine);
  });
});
