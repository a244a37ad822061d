import { afterEach, expect, test } from 'vitest';
import { createAgentNode, startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import { startHostileRelay } from '../../test/support/sync/hostile-relay.ts';
import { confirmationsOf } from './confirmations.ts';
import type { OwnSessionClaim } from './own-session-claims.ts';
import { until } from '../../test/support/until.ts';
import { startMemorySync } from '../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function relayAt(port?: number): Promise<StockRelay> {
  const relay = await startStockRelay(port === undefined ? {} : { port });
  ends.push(() => relay.close());
  return relay;
}

test('[CONF-1] the relay’s known state confirms a CoValue, until the relay loses it', async () => {
  const relay = await relayAt();
  const node = await createAgentNode();
  const sync = startMemorySync(node, { url: relay.url });
  ends.push(() => sync.close());
  const confirmations = confirmationsOf(sync);
  if (!confirmations) throw new Error('no confirmations');
  await confirmations.settled;
  const { id } = node.createGroup().createMap({ a: 1 });
  expect(confirmations.isConfirmed(id)).toBe(false);
  await confirmations.whenAnswered(id);
  await until(() => expect(confirmations.isConfirmed(id)).toBe(true));

  const seen: boolean[] = [];
  await relay.close();
  const emptied = confirmations.whenAnswered(id).then(() => seen.push(confirmations.isConfirmed(id)));
  const { port } = relay;
  await relayAt(port);
  sync.reconnect();
  await emptied;
  expect(seen).toEqual([false]);
  await until(() => expect(confirmations.isConfirmed(id)).toBe(true));
});

test('[SEC-13] a session that listens later hears what each relay claims of the same CoValue', async () => {
  const relays = [await startHostileRelay(), await startHostileRelay()];
  const node = await createAgentNode();
  const [first, ...others] = relays.map(({ url }) => ({ url }));
  if (!first) throw new Error('no relay');
  const sync = startMemorySync(node, { relays: [first, ...others] });
  ends.push(() => sync.close());
  const confirmations = confirmationsOf(sync);
  const { id } = node.createGroup().createMap({ a: 1 });
  await sync.whenConfirmed();
  const sessions = { [node.currentSessionID]: 9 };
  for (const relay of relays) {
    const answered = confirmations?.whenAnswered(id);
    relay.send([{ action: 'known', id, header: true, sessions }]);
    await answered;
  }
  // The claims are compared with what is stored first.
  await new Promise((resolve) => setImmediate(resolve));
  const claims: OwnSessionClaim[] = [];
  confirmations?.onOwnSessionClaim((claim) => claims.push(claim));
  expect(new Set(claims.map(({ relayID }) => relayID)).size).toBe(2);
});
