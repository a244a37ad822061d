import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { passkeyOf, rootOf } from '../../../test/support/session/account-parts.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { accountsHere } from './accounts-here.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(() => device.end());

describe('remember: passkey', () => {
  test('[ACC-9] keeps the data and no vault: each start takes one tap, and no network', async () => {
    const first = await device.signedUp({ remember: 'passkey' });
    rootOf(first).set('note', 'kept');
    await device.closeAll();
    expect(await device.vaults()).toEqual([]);
    expect(await device.resumed()).toBeUndefined();

    const prompts = device.passkeys.ceremonies.length;
    const again = await device.signedIn({ remember: 'passkey' });
    expect(device.passkeys.ceremonies).toHaveLength(prompts + 1);
    expect(rootOf(again).get('note')).toBe('kept');
    expect(await device.vaults()).toEqual([]);
  });

  test('deletes the vault of an earlier mode, but no other account’s', async () => {
    const other = await device.signedUp();
    const { accountID } = await device.signedUp({ anotherAccount: true });
    expect((await device.signedIn({ remember: 'passkey' })).accountID).toBe(accountID);
    expect((await device.vaults()).map((vault) => vault['accountID'])).toEqual([other.accountID]);
  });

  test('switched back to “device”, the next reload needs no tap', async () => {
    const { accountID } = await device.signedUp({ remember: 'passkey' });
    await device.closeAll();
    await device.signedIn();
    expect((await device.reloaded()).accountID).toBe(accountID);
  });

  test('completes an account whose tab ended right after it was stored', async () => {
    const { accountID } = await device.signedUp({ name: 'Ada', remember: 'passkey' });
    await device.closeAll();
    await device.databases.delete(`maia-${accountID}`);
    const session = await device.signedIn({ remember: 'passkey' });
    expect(session.accountID).toBe(accountID);
    expect(passkeyOf(session)).toMatchObject({ credentialID: 'passkey-1', label: 'Ada', prfFrom: 'create' });
  });
});

describe('remember: never', () => {
  test('[ACC-8] writes nothing to disk, names nothing, and reports that', async () => {
    const marksBefore = Object.keys(localStorage); // Left by the sessions of other tests.
    const session = await device.signedUp({ remember: 'never' });
    rootOf(session).set('note', 'gone with the tab');
    expect(session.storage.current).toMatchObject({ kind: 'memory', state: 'memory-only' });
    const { held = [], pending = [] } = await navigator.locks.query();
    expect([...held, ...pending]).toEqual([]);
    await device.closeAll();
    expect(await device.databases.names()).toEqual([]);
    expect([Object.keys(localStorage), sessionStorage.length]).toEqual([marksBefore, 0]);
    expect(await accountsHere(device.platform)).toEqual([]);
  });

  test('leaves what an earlier mode stored of the account unchanged', async () => {
    const { accountID } = await device.signedUp();
    await device.closeAll();
    const before = await device.vaults();
    const session = await device.signedIn({ remember: 'never' });
    expect(session.accountID).toBe(accountID);
    expect(session.storage.current.state).toBe('memory-only');
    expect(await device.vaults()).toEqual(before);
    expect((await device.reloaded()).accountID).toBe(accountID);
  });

  test('no account is resumed without a tap', async () => {
    await device.signedUp();
    expect(await device.resumed({ remember: 'never' })).toBeUndefined();
    expect(await device.resumed({ remember: 'passkey' })).toBeUndefined();
  });

  test('still offers signing in to accounts that the device knows', async () => {
    await device.signedUp();
    await expect(device.signedUp({ remember: 'never' })).rejects.toMatchObject({
      code: 'PASSKEY_ALREADY_HERE',
    });
  });
});
