import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { accountsHere } from './accounts-here.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(() => device.end());

const listed = () => accountsHere(device.platform);
const unknown = { code: 'ACCOUNT_NOT_FOUND', details: { accountID: 'co_zNobody' } };

describe('the accounts of a device', () => {
  test('are listed by name, the one used last first', async () => {
    const ada = await device.signedUp({ name: 'Ada' });
    const bob = await device.signedUp({ name: 'Bob', anotherAccount: true, remember: 'passkey' });
    expect(await listed()).toMatchObject([
      { accountID: bob.accountID, label: 'Bob' },
      { accountID: ada.accountID, label: 'Ada' },
    ]);
    await device.closeAll();
    const [before] = await listed();
    await device.resumed({ accountID: ada.accountID });
    const [now] = await listed();
    expect(now).toMatchObject({ accountID: ada.accountID, label: 'Ada' });
    expect(now?.lastUsedAtMs).toBeGreaterThanOrEqual(before?.lastUsedAtMs ?? Infinity);
  });

  test('keep their names when the user signs in', async () => {
    await device.signedUp({ name: 'Ada' });
    await device.closeAll();
    await device.signedIn();
    expect(await listed()).toMatchObject([{ label: 'Ada' }]);
  });

  test('have their passkey’s name on another device', async () => {
    await device.signedUp({ name: 'Ada' });
    await device.closeAll();
    // Turn the copy into the entry of a passkey never used here: it opens the account, but has no name.
    const [copy] = await device.databases.request<readonly Record<string, unknown>[]>(
      ...(['maia-device', 'keyrings'] as const),
      (store) => store.getAll(),
    );
    const { label: _label, lastUsedAtMs: _lastUsed, made: _made, ...unnamed } = copy ?? {};
    await device.databases.request('maia-device', 'keyrings', (store) => store.put(unnamed));
    await device.databases.request('maia-device', 'vaults', (store) => store.clear());
    const session = await device.signedIn();
    expect(await session.passkeys.list()).toMatchObject([{ label: 'Ada' }]);
    expect(await listed()).toMatchObject([{ label: 'Ada' }]);
    expect(await device.reloaded()).toMatchObject({ accountID: session.accountID });
    expect(await listed()).toMatchObject([{ label: 'Ada' }]);
  });

  test('are none, and leave no trace, if no account was ever here', async () => {
    expect(await listed()).toEqual([]);
    expect(await device.databases.names()).toEqual([]);
  });

  test.each([
    ['damaged', { accountID: 'co_zHers', v: 1 }],
    ['of a newer version', { accountID: 'co_zHers', v: 2, label: 7 }],
  ])('are never hidden: a vault that is %s', async (_, vault) => {
    const { accountID } = await device.signedUp({ name: 'Ada' });
    await device.putVault(vault);
    expect(await listed()).toMatchObject([
      { accountID, label: 'Ada' },
      { accountID: 'co_zHers', label: 'co_zHers', lastUsedAtMs: 0 },
    ]);
  });

  test('are not reported as none if the database fails', async () => {
    const open = () => {
      throw new DOMException('broken', 'UnknownError');
    };
    const broken = Object.assign(Object.create(indexedDB) as IDBFactory, { open });
    await expect(accountsHere({ ...device.platform, indexedDB: broken })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
  });
});

describe('a requested account', () => {
  test('is the one that is resumed, and each account finds only its own data', async () => {
    const one = await device.signedUp();
    rootOf(one).set('note', 'of the first');
    const two = await device.signedUp({ anotherAccount: true });
    rootOf(two).set('note', 'of the second');
    await device.closeAll();
    for (const [{ accountID }, note] of [
      [one, 'of the first'],
      [two, 'of the second'],
    ] as const) {
      const session = await device.resumed({ accountID });
      expect(session?.accountID).toBe(accountID);
      expect(session && rootOf(session).get('note')).toBe(note);
    }
  });

  test('is signed in to with its own passkeys', async () => {
    const one = await device.signedUp();
    await device.signedUp({ anotherAccount: true });
    await device.closeAll();
    expect((await device.signedIn({ accountID: one.accountID })).accountID).toBe(one.accountID);
    expect(device.passkeys.ceremonies.at(-1)).toMatchObject({ allowCredentialIDs: ['passkey-1'] });
  });

  test('is not replaced by another one: nothing is opened or written', async () => {
    const one = await device.signedUp();
    const two = await device.signedUp({ anotherAccount: true });
    await device.closeAll();
    const before = await device.vaults();
    await device.databases.delete(`maia-${two.accountID}`);
    // With autofill, the browser offers all of the passkeys, and the fake picks the last one.
    const { get } = device.passkeys;
    const passkeys = {
      ...device.passkeys,
      get: (request: Parameters<typeof get>[0]) => get({ ...request, allowCredentialIDs: [] }),
    };
    const picking = device.signedIn({ accountID: one.accountID, autofill: true }, passkeys);
    await expect(picking).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
      details: { accountID: one.accountID },
    });
    expect(await device.vaults()).toEqual(before);
    expect(await device.databases.names()).not.toContain(`maia-${two.accountID}`);
  });

  test('that takes a tap is not resumed', async () => {
    const { accountID } = await device.signedUp({ remember: 'passkey' });
    expect(await device.resumed({ accountID })).toBeUndefined();
  });

  test('that this device does not know is ACCOUNT_NOT_FOUND without a prompt', async () => {
    await device.signedUp();
    await expect(device.resumed({ accountID: 'co_zNobody' })).rejects.toMatchObject(unknown);
    const prompts = device.passkeys.ceremonies.length;
    await expect(device.signedIn({ accountID: 'co_zNobody' })).rejects.toMatchObject(unknown);
    expect(device.passkeys.ceremonies).toHaveLength(prompts);
  });
});
