import { expect, it, onTestFinished } from 'vitest';
import { startHostileRelay } from '../../../test/support/sync/hostile-relay.ts';
import { startMemorySync } from '../../../test/support/sync/start-memory-sync.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';

it('[WIRE-1] a relay that reconciles as only clients do makes the device ask for nothing', async () => {
  const relay = await startHostileRelay();
  const node = await createAgentNode();
  const sync = startMemorySync(node, { url: relay.url });
  onTestFinished(() => sync.close());
  await until(() => relay.connections > 0);
  const map = node.createGroup().createMap({ a: 1 });
  const values = Array.from({ length: 100 }, () => ['co_zNobodyHasThis', '']);
  relay.send([{ action: 'reconcile', id: 'x', values }]);
  relay.send([{ action: 'load', id: map.id, header: true, sessions: {} }]);
  const ofMap = () => relay.received.filter(({ action, id }) => action === 'content' && id === map.id);
  await until(() => expect(ofMap().length).toBeGreaterThan(1));
  expect(relay.received.filter(({ id }) => id === 'co_zNobodyHasThis' || id === 'x')).toEqual([]);
});
