import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakePasskeys, type FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { watchPromise } from '../../../test/support/watch-promise.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(() => device.end());

interface Copy {
  readonly mapID: string;
}

const kept = <T>(name: 'keyrings' | 'credentials') =>
  device.databases.request<readonly T[]>('maia-device', name, (store) => store.getAll());
const credentials = async () =>
  (await kept<{ readonly credentialID: string }>('credentials')).map(({ credentialID }) => credentialID);

/** A provider that still offers a removed passkey. */
let phone: FakePasskeys;

/** From now on the phone answers prompts. */
function takePhone(): void {
  phone = createFakePasskeys({ name: 'phone', hasSignals: false });
  Object.assign(device.platform, { passkeys: phone });
}

async function withPhoneAdded() {
  const session = await device.signedUp();
  takePhone();
  const before = (await kept<Copy>('keyrings')).map(({ mapID }) => mapID);
  await session.passkeys.add();
  const copy = (await kept<Copy>('keyrings')).find(({ mapID }) => !before.includes(mapID));
  if (!copy) throw new Error('no copy of the phone’s entry');
  return { session, copy };
}

test('an added passkey signs in here without a network, and is known after a reload', async () => {
  const { session } = await withPhoneAdded();
  expect(await credentials()).toEqual(['passkey-1', 'phone-1']);
  await device.closeAll();
  expect((await device.signedIn({}, phone)).accountID).toBe(session.accountID);
  const again = await device.reloaded();
  expect(await again.passkeys.list()).toMatchObject([
    { id: 'passkey-1', onThisDevice: true },
    { id: 'phone-1', onThisDevice: true },
  ]);
});

test('of a removed passkey only its removal is kept here, and it is reported without a network', async () => {
  const { session, copy } = await withPhoneAdded();
  await session.passkeys.remove('phone-1');
  await expect.poll(credentials).toEqual(['passkey-1']);
  const left = (await kept<Copy>('keyrings')).find(({ mapID }) => mapID === copy.mapID);
  expect(JSON.stringify(copy)).toContain('entry');
  expect(JSON.stringify(left)).not.toMatch(/entry/);
  await device.closeAll();
  await expect(device.signedIn({}, phone)).rejects.toMatchObject({ code: 'PASSKEY_REMOVED' });
});

test('a copy that reappears opens nothing if the account knows of its removal, and is deleted at the next start', async () => {
  const { session, copy } = await withPhoneAdded();
  await session.passkeys.remove('phone-1');
  await expect.poll(credentials).toEqual(['passkey-1']);
  await device.closeAll();
  const vaults = await device.vaults();
  await device.databases.request('maia-device', 'keyrings', (store) => store.put(copy));

  await expect(device.signedIn({}, phone)).rejects.toMatchObject({ code: 'PASSKEY_REMOVED' });
  expect((await device.vaults()).map(({ sealed }) => sealed)).toEqual(vaults.map(({ sealed }) => sealed));
  expect(await credentials()).toEqual(['passkey-1']);

  const resumed = await device.reloaded();
  expect((await resumed.passkeys.list()).map(({ id }) => id)).toEqual(['passkey-1']);
  await expect
    .poll(async () =>
      JSON.stringify((await kept<Copy>('keyrings')).find(({ mapID }) => mapID === copy.mapID)),
    )
    .not.toMatch(/entry/);
});

test('with nothing remembered, adding and removing write nothing', async () => {
  const session = await device.signedUp({ remember: 'never' });
  takePhone();
  const { id } = await session.passkeys.add();
  expect(await session.passkeys.list()).toMatchObject([{ onThisDevice: true }, { id, onThisDevice: true }]);
  await session.passkeys.remove(id);
  expect(await device.databases.names()).toEqual([]);
});

test('adding or removing a passkey completes only after this device has written it', async () => {
  const session = await device.signedUp();
  await expect.poll(() => session.sync.current.saved.pending).toBe(0);
  takePhone();
  const content = [`maia-${session.accountID}`, 'segments'] as const;

  const writeAdded = await device.databases.hold(...content);
  const added = watchPromise(session.passkeys.add());
  await expect.poll(credentials).toContain('phone-1');
  await session.passkeys.list();
  expect(added.isSettled).toBe(false);
  writeAdded();
  await added.settled;

  const writeRemoved = await device.databases.hold(...content);
  const removed = watchPromise(session.passkeys.remove('phone-1'));
  await expect.poll(credentials).not.toContain('phone-1');
  await session.passkeys.list();
  expect(removed.isSettled).toBe(false);
  writeRemoved();
  await removed.settled;
});
