import { afterEach, expect, it } from 'vitest';
import {
  createDeviceWithTabs,
  shareMap,
  type DeviceWithTabs,
} from '../../../test/support/sync/device-with-tabs.ts';

let device: DeviceWithTabs | undefined;
afterEach(() => device?.close());

it('[LADDER-9] an edit and the deletion of its CoValue in one turn are saved without a relay', async () => {
  device = await createDeviceWithTabs();
  const tab = device.openTab();
  const map = await shareMap([tab]);
  map.set('a', 1);
  map.core.deleteCoValue();
  await tab.sync.whenSaved(undefined, { timeoutMs: 10_000 });
  expect(tab.sync.current.saved.pending).toBe(0);
});
