import { afterEach, expect, it } from 'vitest';
import { startCuttableProxy } from '../../../test/support/relay/cuttable-proxy.ts';
import { createDeviceWithTabs, shareMap } from '../../../test/support/sync/device-with-tabs.ts';
import { startStockRelay } from '../../../test/support/sync/stock-relay.ts';
import { until } from '../../../test/support/until.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('[CONF-12] a tab hears at once that another one found the relay’s data lost', async () => {
  const [first, second] = [await startStockRelay(), await startStockRelay()];
  const target = { host: '127.0.0.1', port: first.port };
  const proxy = await startCuttableProxy(target);
  ends.push(first.close, second.close, proxy.close);
  const device = await createDeviceWithTabs();
  ends.push(device.close);
  const url = `ws://127.0.0.1:${proxy.port}/sync`;
  const [one, other] = [device.openTab(url), device.openTab(url)];
  const map = await shareMap([one, other]);
  for (const { sync } of [one, other]) await sync.whenConfirmed();

  // The other tab stays connected to what is left of the first relay.
  target.port = second.port;
  const statuses: string[] = [];
  other.sync.subscribe(({ status }) => void statuses.push(status));
  one.sync.pause();
  one.sync.resume();
  await until(() => expect(second.node.getCoValue(map.id).isAvailable()).toBe(true));
  await until(() => expect(statuses).not.toEqual(statuses.map(() => 'confirmed')));
  for (const { sync } of [one, other]) await until(() => expect(sync.current.status).toBe('confirmed'));
});
