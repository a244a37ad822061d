import { afterEach, expect, it } from 'vitest';
import {
  createDeviceWithTabs,
  shareMap,
  type DeviceWithTabs,
} from '../../../test/support/sync/device-with-tabs.ts';
import { ledgerOf } from '../../../test/support/storage/facts.ts';
import { until } from '../../../test/support/until.ts';
import { localCounts } from '../../engine/covalue-lookup.ts';
import { confirmationsOf } from '../confirmations.ts';

let device: DeviceWithTabs | undefined;
afterEach(() => device?.close());

const relayID = '127.0.0.1:9';

/** An offline device with a new map, and how far a tab other than the author's counts it as confirmed. */
async function openTwoTabs() {
  device = await createDeviceWithTabs();
  const { ledger } = device;
  const [author, other] = [device.openTab(`ws://${relayID}`), device.openTab(`ws://${relayID}`)];
  const map = await shareMap([author, other]);
  const step = () => other.sync.stateOf(map.id).current.confirmed;
  await until(() => expect([step(), ledger.pending.includes(map.id)]).toEqual(['pending', true]));
  const coValues = [[map.id, localCounts(author.node, map.id)]];
  const from = author.node.currentSessionID;
  // Any page of the origin can post this.
  const channel = device.openTab().setup.platform.openTabChannel('tabs', () => {});
  const post = (message: object) => channel?.post({ v: 1, from, ...message });
  const confirm = (generation: number) => post({ kind: 'confirmed', relayID, generation, coValues });
  return { map, other, ledger, step, confirm, post };
}

it('keeps on the disk a debt that only a message between tabs calls confirmed', async () => {
  const { map, other, ledger, step, confirm } = await openTwoTabs();
  confirm(0);
  await until(() => expect(step()).not.toBe('pending'));
  await other.sync.close();
  await ledgerOf(other.storage).written();
  expect(ledger.pending).toContain(map.id);
});

it('ignores what a tab that was frozen has heard before the relay lost data', async () => {
  const { other, step, confirm, post } = await openTwoTabs();
  await other.memory.write(relayID, { losses: 1, refill: true });
  await confirmationsOf(other.sync)
    ?.leftByAll()
    .catch(() => {});
  confirm(0);
  confirm(2);
  const answered = device?.posted.length;
  post({ kind: 'hello' });
  await until(() =>
    expect(device?.posted.slice(answered)).toContainEqual(expect.objectContaining({ kind: 'here' })),
  );
  expect(step()).toBe('pending');
  confirm(1);
  await until(() => expect(step()).not.toBe('pending'));
});
