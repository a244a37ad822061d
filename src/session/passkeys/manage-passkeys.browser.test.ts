import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('a tab that ended during `passkeys.add`', () => {
  /** Starts to add the phone, and ends the tab as soon as a step of `stops` was reached. */
  async function interrupted(stops: (reached: () => void) => object): Promise<string> {
    const { accountID, passkeys } = await device.signedUp();
    const { platform } = device;
    takePhone();
    const before = { ...platform };
    await new Promise<void>((reached) => {
      Object.assign(platform, stops(reached));
      void passkeys.add({ label: 'My phone' });
    });
    Object.assign(platform, before);
    await device.closeAll();
    return accountID;
  }

  function never<T>(reached: () => void): Promise<T> {
    reached();
    return new Promise(() => {});
  }

  const beforeItsRecord = (reached: () => void) => ({
    subtle: Object.assign(Object.create(crypto.subtle) as SubtleCrypto, { importKey: () => never(reached) }),
  });

  test('[ACC-24] leaves a passkey that the next session reports, and that the next `add` continues with', async () => {
    const accountID = await interrupted(beforeItsRecord);
    const warn = vi.fn();
    const session = await device.resumed({ logger: { debug: () => {}, warn } });
    expect(session?.accountID).toBe(accountID);
    await expect
      .poll(() => session?.passkeys.state.current.unfinished)
      .toEqual([{ id: 'phone-1', label: 'My phone' }]);
    await expect
      .poll(() => warn.mock.calls)
      .toContainEqual([expect.stringMatching(/“My phone” was created.*Add a passkey again/)]);

    expect(await session?.passkeys.add()).toMatchObject({ id: 'phone-1', label: 'My phone' });
    expect(phone.ceremonies).toMatchObject([{ userName: 'My phone' }, { allowCredentialIDs: ['phone-1'] }]);
    expect(session?.passkeys.state.current.unfinished).toEqual([]);
    await device.closeAll();
    expect((await device.signedIn({}, phone)).accountID).toBe(accountID);
  });

  test('[ACC-24] after it had recorded the passkey in the account, is completed by the next session', async () => {
    const { session } = await withPhoneAdded();
    await device.closeAll();
    // As left by a tab that ended before it replaced its note by the passkey’s record.
    const label = 'My phone';
    const { accountID } = session;
    const note = {
      v: 1,
      credentialID: 'phone-1',
      rpID: location.hostname,
      label,
      madeAtMs: 1,
      addTo: accountID,
    };
    await device.databases.request('maia-device', 'credentials', (store) =>
      store.put({ ...note, isUnfinished: true }),
    );
    for (const { mapID } of await kept<Copy & { readonly made?: object }>('keyrings').then((copies) =>
      copies.filter(({ made }) => made === undefined),
    ))
      await device.databases.request('maia-device', 'keyrings', (store) => store.delete(mapID));

    const again = await device.reloaded();
    expect(again.passkeys.state.current.unfinished).toEqual([]);
    await expect
      .poll(() => kept('credentials'))
      .toContainEqual(expect.objectContaining({ credentialID: 'phone-1', accountID }));
    await device.closeAll();
    expect((await device.signedIn({}, phone)).accountID).toBe(accountID);
  });

  test('[ACC-24] while the account was being stored, leaves its note until it is', async () => {
    const session = await device.signedUp();
    await expect.poll(() => session.sync.current.saved.pending).toBe(0);
    takePhone();
    const write = await device.databases.hold(`maia-${session.accountID}`, 'segments');
    const added = session.passkeys.add();
    await expect.poll(() => session.passkeys.state.current.passkeys.length).toBe(2);
    await session.passkeys.list();
    const notes = await kept<{ readonly credentialID: string; readonly addTo?: string }>('credentials');
    expect(notes.find(({ credentialID }) => credentialID === 'phone-1')?.addTo).toBe(session.accountID);
    write();
    await added;
    expect(await kept('credentials')).toContainEqual(
      expect.objectContaining({ credentialID: 'phone-1', accountID: session.accountID }),
    );
  });
});
