import { expect, it, onTestFinished } from 'vitest';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';

it('[WIRE-1] a `reconcile` from a relay, which only clients may send, makes the device request nothing', async () => {
  const relay = await startHostileRelay();
  const node = await createAgentNode();
  const sync = startMemorySync(node, { url: relay.url });
  onTestFinished(() => sync.close());
  await until(() => relay.connections > 0);
  const values = Array.from({ length: 100 }, () => ['co_zNobodyHasThis', '']);
  relay.send([
    { action: 'reconcile', id: 'x', values },
    { action: 'load', id: 'co_zNobodyHasThat', header: false, sessions: {} },
  ]);
  const about = (...ids: readonly string[]) => relay.received.filter(({ id }) => ids.includes(id));
  await until(() => expect(about('co_zNobodyHasThat')).toHaveLength(1));
  expect(about('co_zNobodyHasThis', 'x')).toEqual([]);
});
