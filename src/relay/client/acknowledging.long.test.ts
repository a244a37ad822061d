import { describe, expect, it, vi } from 'vitest';
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

describe('an acknowledgement', () => {
  it('waits for the commit; others see the edit before', async () => {
    const { relay, gate } = await startGatedRelay();
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const theirs = await loadMap(bob, mine);

    gate.close();
    mine.set('word', 'held');
    await vi.waitFor(() => expect(theirs.get('word')).toBe('held'));
    await vi.waitFor(() => expect(gate.waiting).toBe(1));
    expect(isConfirmed(alice, mine)).toBe(false);

    gate.open();
    await confirmed(alice, mine);
  });

  it('does not come early, by no way that the connection offers', async () => {
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
    await vi.waitFor(() => expect(gate.waiting).toBe(1));
    // The relay has handled all of it when it answers this, as it answers in order.
    client.send({ maia: 'echo', t: 1 });
    await client.waitFor({ maia: 'echoed' });
    expect(client.received.filter(({ maia }) => maia === undefined)).toEqual([]);

    gate.open();
    await client.waitFor({ action: 'known', ...mine.core.knownState() });
  });

  it('never comes while commits fail; clients are told and let go, until it works again', async () => {
    const { relay, gate } = await startGatedRelay();
    const raw = await openRawClient(relay.url);
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    gate.setFull(true);
    mine.set('word', 'unwritten');
    await vi.waitFor(async () => expect((await readHealth(relay)).code).toBe(503));
    expect((await readHealth(relay)).body).toMatchObject({ status: 'failing', ready: false });
    expect(isConfirmed(alice, mine)).toBe(false);
    const told = { maia: 'refused', code: 'storage', closing: true };
    await raw.waitFor(told);
    await (await openRawClient(relay.url)).waitFor(told);

    gate.setFull(false);
    await vi.waitFor(
      async () =>
        expect(await readHealth(relay)).toMatchObject({ code: 200, body: { status: 'ok', ready: true } }),
      { timeout: 10_000 },
    );
    alice.syncManager.removePeer('relay');
    connectStock(alice, relay.url);
    await confirmed(alice, mine);
  });
});
