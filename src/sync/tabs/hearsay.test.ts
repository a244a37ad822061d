import { afterEach, expect, it } from 'vitest';
import {
  createDeviceWithTabs,
  shareMap,
  type DeviceWithTabs,
} from '../../../test/support/sync/device-with-tabs.ts';
import { ledgerOf } from '../../../test/support/storage/facts.ts';
import { until } from '../../../test/support/until.ts';
import { localCounts } from '../../engine/covalue-lookup.ts';

let device: DeviceWithTabs | undefined;
afterEach(() => device?.close());

it('keeps on the disk a debt that only a message between tabs calls confirmed', async () => {
  device = await createDeviceWithTabs();
  const { ledger } = device;
  const offline = 'ws://127.0.0.1:9';
  const [author, other] = [device.openTab(offline), device.openTab(offline)];
  const map = await shareMap([author, other]);
  const step = () => other.sync.stateOf(map.id).current.confirmed;
  await until(() => expect([step(), ledger.pending.includes(map.id)]).toEqual(['pending', true]));
  // Any page of the origin can post this.
  const channel = device.openTab().setup.platform.openTabChannel('tabs', () => {});
  channel?.post({
    ...{ v: 1, from: author.node.currentSessionID, kind: 'confirmed', relayID: '127.0.0.1:9' },
    coValues: [[map.id, localCounts(author.node, map.id)]],
  });
  await until(() => expect(step()).not.toBe('pending'));
  await other.sync.close();
  await ledgerOf(other.storage).written();
  expect(ledger.pending).toContain(map.id);
});
