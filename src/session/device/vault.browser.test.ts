import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createTestDevice,
  type RawVault,
  type TestDevice,
} from '../../../test/support/session/test-device.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(() => device.end());

async function theVault(): Promise<RawVault> {
  const [vault] = await device.vaults();
  if (!vault) throw new Error('no vault');
  return vault;
}

function flipped(base64url: string): string {
  return (base64url.startsWith('A') ? 'B' : 'A') + base64url.slice(1);
}

test('[SEC-5] contains no secret in plain text, and a key that cannot be exported', async () => {
  const session = await device.signedUp();
  const { wrappingKey, sealed, ...rest } = await theVault();
  expect(wrappingKey).toMatchObject({ extractable: false, algorithm: { name: 'AES-GCM' } });
  expect(Object.keys(sealed)).toEqual(['v', 'iv', 'data']);
  expect(Object.keys(rest).toSorted()).toEqual(['accountID', 'label', 'lastUsedAtMs', 'v']);
  const everything = JSON.stringify([
    rest,
    sealed,
    ...(await Promise.all(
      (['keyrings', 'credentials'] as const).map((name) =>
        device.databases.request<unknown[]>('maia-device', name, (store) => store.getAll()),
      ),
    )),
  ]);
  for (const secret of session.node.agentSecret.split('/')) expect(everything).not.toContain(secret);
});

/** The last character may hold only padding bits, so this flips the one before it. */
function flippedAtTheEnd(base64url: string): string {
  return base64url.slice(0, -2) + flipped(base64url.slice(-2));
}

test.each([
  [
    'a flipped bit',
    (vault: RawVault) => ({ ...vault, sealed: { ...vault.sealed, data: flipped(vault.sealed.data) } }),
  ],
  [
    'a flipped bit in its authentication tag',
    (vault: RawVault) => ({
      ...vault,
      sealed: { ...vault.sealed, data: flippedAtTheEnd(vault.sealed.data) },
    }),
  ],
  [
    'a flipped bit in its nonce',
    (vault: RawVault) => ({ ...vault, sealed: { ...vault.sealed, iv: flipped(vault.sealed.iv) } }),
  ],
  [
    'half of its ciphertext',
    (vault: RawVault) => ({ ...vault, sealed: { ...vault.sealed, data: vault.sealed.data.slice(0, 20) } }),
  ],
  ['invalid base64url', (vault: RawVault) => ({ ...vault, sealed: { ...vault.sealed, data: '?' } })],
  ['an invalid label', (vault: RawVault) => ({ ...vault, label: 7 })],
  ['an invalid time', (vault: RawVault) => ({ ...vault, lastUsedAtMs: 'yesterday' })],
  ['an invalid version', (vault: RawVault) => ({ ...vault, v: 0 })],
  ['another account’s id', (vault: RawVault) => ({ ...vault, accountID: 'co_zAnother' })],
  ['a missing key', ({ accountID }: RawVault) => ({ accountID, v: 1 })],
])('with %s is VAULT_DAMAGED, and stays unchanged', async (_, damage) => {
  await device.signedUp();
  await device.closeAll();
  const vault = await theVault();
  await device.databases.request('maia-device', 'vaults', (store) => store.clear());
  await device.putVault(damage(vault));
  const before = await device.vaults();
  await expect(device.resumed()).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
  expect(await device.vaults()).toEqual(before);
});

test('with another account’s key is VAULT_DAMAGED, and that account still opens', async () => {
  const one = await device.signedUp();
  const two = await device.signedUp({ anotherAccount: true });
  await device.closeAll();
  const vaults = await device.vaults();
  const vaultOf = (id: string) => vaults.find((vault) => vault['accountID'] === id);
  await device.putVault({ ...vaultOf(one.accountID), wrappingKey: vaultOf(two.accountID)?.['wrappingKey'] });
  await expect(device.resumed({ accountID: one.accountID })).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
  expect((await device.resumed({ accountID: two.accountID }))?.accountID).toBe(two.accountID);
});

test('that is damaged is replaced when the user signs in, and opens after the next reload', async () => {
  const { accountID } = await device.signedUp();
  await device.closeAll();
  const vault = await theVault();
  const damaged = { ...vault, sealed: { ...vault.sealed, data: flipped(vault.sealed.data) } };
  await device.putVault(damaged);
  await device.signedIn();
  expect(await device.databases.request('maia-device', 'damaged-vaults', (store) => store.getAll())).toEqual([
    damaged,
  ]);
  expect((await device.reloaded()).accountID).toBe(accountID);
});

test('[ACC-20] of a newer version is VAULT_TOO_NEW, and is never overwritten', async () => {
  const { accountID } = await device.signedUp();
  await device.closeAll();
  const newer = { accountID, v: 2, anything: 'else' };
  await device.putVault(newer);
  await expect(device.resumed()).rejects.toMatchObject({ code: 'VAULT_TOO_NEW' });
  expect((await device.signedIn()).accountID).toBe(accountID);
  expect(await device.vaults()).toEqual([newer]);
});

test('in a database of a newer version is VAULT_TOO_NEW', async () => {
  await device.signedUp();
  await device.closeAll();
  await device.databases.delete('maia-device');
  const newer = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('maia-device', 99);
    request.onsuccess = () => resolve(request.result);
  });
  newer.close();
  await expect(device.resumed()).rejects.toMatchObject({
    code: 'VAULT_TOO_NEW',
    cause: { name: 'VersionError' },
  });
  const prompts = device.passkeys.ceremonies.length;
  await expect(device.signedUp()).rejects.toMatchObject({ code: 'VAULT_TOO_NEW' });
  expect(device.passkeys.ceremonies).toHaveLength(prompts);
});
