import type { RawCoMap } from 'cojson';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBrowserPlatform } from '../platform/browser-platform.ts';
import type { Platform } from '../platform/platform.ts';
import { createDatabases } from '../testing/databases.ts';
import { createFakePasskeys, type FakePasskeys } from '../testing/fake-passkeys.ts';
import { activeSession } from './active-session.ts';
import { deviceDatabase } from './device-database.ts';
import { resume } from './resume.ts';
import type { Session, SignUpOptions } from './session.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up.ts';

const databases = createDatabases(indexedDB);
let passkeys: FakePasskeys;
let platform: Platform;
const open: Session[] = [];
const offline = { sync: false } as const;

beforeEach(() => {
  passkeys = createFakePasskeys();
  platform = { ...createBrowserPlatform(), passkeys };
});
afterEach(async () => {
  await closeAll();
  await databases.deleteAll();
});

async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((session) => session.close()));
}

async function opened<T extends Session | undefined>(opening: Promise<T>): Promise<T> {
  const session = await opening;
  if (session) open.push(session);
  return session;
}

const signedUp = (options?: SignUpOptions) => opened(signUp(platform, { ...offline, ...options }));
const signedIn = () => opened(signIn(platform, offline));
const resumed = () => opened(resume(platform, offline));

/** What a reload does: the page's sessions are gone, and what they wrote is on disk. */
async function reloaded(): Promise<Session> {
  await closeAll();
  const session = await resumed();
  if (!session) throw new Error('the device remembers nobody');
  return session;
}

function rootOf({ node, account }: Session): RawCoMap {
  return node.expectCoValueLoaded(account.get('root') ?? account.id).getCurrentContent() as RawCoMap;
}

/** By what made its id: the account's or the keyring's parts. */
function mapsIn({ node }: Session, uniqueness: string): readonly RawCoMap[] {
  return [...node.allCoValues()].flatMap((core) =>
    core.isAvailable() && core.verified.header.uniqueness === uniqueness
      ? (core.getCurrentContent() as RawCoMap)
      : [],
  );
}

const untilSaved = (session: Session) =>
  vi.waitFor(() => expect(session.sync.current.saved).toEqual({ pending: 0 }), { timeout: 10_000 });

type Vault = Readonly<Record<string, unknown>> & {
  readonly sealed: { readonly v: 1; readonly iv: string; readonly data: string };
};
const vaults = () => databases.request<Vault[]>(deviceDatabase.name, 'vaults', (store) => store.getAll());
const putVault = (vault: unknown) =>
  databases.request(deviceDatabase.name, 'vaults', (store) => store.put(vault));
async function theVault(): Promise<Vault> {
  const [vault] = await vaults();
  if (!vault) throw new Error('no vault');
  return vault;
}

describe('a reload', () => {
  test('opens the account again: no prompt, no network, a session of its own', async () => {
    const before = await signedUp();
    rootOf(before).set('note', 'kept');
    await untilSaved(before);
    const after = await reloaded();
    expect(after.accountID).toBe(before.accountID);
    expect(rootOf(after).get('note')).toBe('kept');
    expect(after.node.currentSessionID).not.toBe(before.node.currentSessionID);
    expect(passkeys.ceremonies).toHaveLength(1);
    expect(activeSession.current).toBe(after);
  });

  test('counts nothing as unsaved, and writes no content again', async () => {
    await untilSaved(await signedUp());
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const session = await reloaded();
    expect(session.sync.current.saved).toEqual({ pending: 0 });
    await session.close();
    const written = begin.mock.calls.flatMap(([stores, mode], call) => {
      const { name } = begin.mock.contexts[call] as IDBDatabase;
      return mode === 'readwrite'
        ? Array.from(typeof stores === 'string' ? [stores] : stores, (store) => `${name} ${store}`)
        : [];
    });
    begin.mockRestore();
    expect(written).toContain('maia-device vaults');
    expect(written).not.toContain(`maia-cojson-${session.accountID} coValues`);
  });

  test('remembers nobody where nobody signed up, and leaves no trace', async () => {
    expect(await resumed()).toBeUndefined();
    expect(await databases.names()).toEqual([]);
  });

  test('opens the account that was used last', async () => {
    const one = await signedUp();
    const two = await signedUp({ anotherAccount: true });
    expect((await reloaded()).accountID).toBe(two.accountID);
    for (const vault of await vaults()) {
      await putVault({ ...vault, lastUsedAtMs: vault['accountID'] === one.accountID ? 2 : 1 });
    }
    expect((await reloaded()).accountID).toBe(one.accountID);
    expect(
      (await vaults()).find((vault) => vault['accountID'] === one.accountID)?.['lastUsedAtMs'],
    ).toBeGreaterThan(2);
  });

  test('completes an account whose tab ended right after its vault was written', async () => {
    const { accountID } = await signedUp();
    await closeAll();
    await databases.delete(`maia-cojson-${accountID}`);
    const session = await reloaded();
    expect(session.accountID).toBe(accountID);
    expect(mapsIn(session, 'maia/kernel/v1').map((map) => map.keys())).toEqual([['passkey/passkey-1']]);
    expect(mapsIn(session, 'maia/keyring/v1').map((map) => map.keys())).toEqual([['entry']]);
  });

  test('keeps two accounts apart', async () => {
    const one = await signedUp();
    const two = await signedUp({ anotherAccount: true });
    rootOf(two).set('note', 'mine');
    expect(rootOf(one).get('note')).toBeUndefined();
    expect(await databases.names()).toEqual(
      [`maia-cojson-${one.accountID}`, `maia-cojson-${two.accountID}`, 'maia-device'].toSorted(),
    );
  });
});

describe('signing in on a device that knows the passkey', () => {
  test('needs no network, and brings the passkey’s entry for the relay', async () => {
    const { accountID } = await signedUp();
    await closeAll();
    await databases.delete(`maia-cojson-${accountID}`);
    const session = await signedIn();
    expect(session.accountID).toBe(accountID);
    expect(mapsIn(session, 'maia/keyring/v1')).toHaveLength(1);
    expect(passkeys.ceremonies).toHaveLength(2);
  });

  test('asks the relay where its copy is damaged', async () => {
    await signedUp();
    const [copy] = await databases.request<{ content: unknown }[]>('maia-device', 'keyrings', (store) =>
      store.getAll(),
    );
    await databases.request('maia-device', 'keyrings', (store) =>
      store.put({ ...copy, content: [{ broken: true }] }),
    );
    await expect(signedIn()).rejects.toMatchObject({ code: 'SYNC_OFF' });
  });
});

describe('signing up on a device that knows a passkey', () => {
  test('offers signing in, and makes no second account by mistake', async () => {
    await signedUp();
    await expect(signedUp()).rejects.toMatchObject({
      code: 'PASSKEY_ALREADY_HERE',
      cause: { name: 'InvalidStateError' },
    });
    expect(await vaults()).toHaveLength(1);
  });

  test('makes one where the app says so', async () => {
    const one = await signedUp();
    expect((await signedUp({ anotherAccount: true })).accountID).not.toBe(one.accountID);
  });
});

describe('the vault', () => {
  test('holds no secret in the open, and a key that cannot be exported', async () => {
    const session = await signedUp();
    const { wrappingKey, sealed, ...rest } = await theVault();
    expect(wrappingKey).toMatchObject({ extractable: false, algorithm: { name: 'AES-GCM' } });
    expect(Object.keys(sealed)).toEqual(['v', 'iv', 'data']);
    expect(Object.keys(rest).toSorted()).toEqual(['accountID', 'label', 'lastUsedAtMs', 'v']);
    const everything = JSON.stringify([
      rest,
      sealed,
      ...(await Promise.all(
        (['keyrings', 'credentials'] as const).map((name) =>
          databases.request<unknown[]>('maia-device', name, (store) => store.getAll()),
        ),
      )),
    ]);
    for (const secret of session.node.agentSecret.split('/')) expect(everything).not.toContain(secret);
  });

  test.each([
    [
      'a flipped bit',
      (vault: Vault) => ({ ...vault, sealed: { ...vault.sealed, data: flipped(vault.sealed.data) } }),
    ],
    ['another account’s id', (vault: Vault) => ({ ...vault, accountID: 'co_zAnother' })],
    ['a missing key', ({ accountID }: Vault) => ({ accountID, v: 1 })],
  ])('with %s is VAULT_DAMAGED, and stays as it is', async (_, damage) => {
    await signedUp();
    await closeAll();
    const vault = await theVault();
    await databases.request('maia-device', 'vaults', (store) => store.clear());
    await putVault(damage(vault));
    const before = await vaults();
    await expect(resumed()).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    expect(await vaults()).toEqual(before);
  });

  test('that is damaged is set aside when the person signs in, and the next reload opens', async () => {
    const { accountID } = await signedUp();
    await closeAll();
    const vault = await theVault();
    const damaged = { ...vault, sealed: { ...vault.sealed, data: flipped(vault.sealed.data) } };
    await putVault(damaged);
    await signedIn();
    expect(await databases.request('maia-device', 'damaged-vaults', (store) => store.getAll())).toEqual([
      damaged,
    ]);
    expect((await reloaded()).accountID).toBe(accountID);
  });

  test('of a newer version is VAULT_TOO_NEW, and is never written over', async () => {
    const { accountID } = await signedUp();
    await closeAll();
    const newer = { accountID, v: 2, anything: 'else' };
    await putVault(newer);
    await expect(resumed()).rejects.toMatchObject({ code: 'VAULT_TOO_NEW' });
    expect((await signedIn()).accountID).toBe(accountID);
    expect(await vaults()).toEqual([newer]);
  });

  test('in a database of a newer version is VAULT_TOO_NEW', async () => {
    await signedUp();
    await closeAll();
    await databases.delete('maia-device');
    const newer = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('maia-device', 99);
      request.onsuccess = () => resolve(request.result);
    });
    newer.close();
    await expect(resumed()).rejects.toMatchObject({ code: 'VAULT_TOO_NEW', cause: { name: 'VersionError' } });
    const prompts = passkeys.ceremonies.length;
    await expect(signedUp()).rejects.toMatchObject({ code: 'VAULT_TOO_NEW' });
    expect(passkeys.ceremonies).toHaveLength(prompts);
  });
});

function flipped(base64url: string): string {
  return (base64url.startsWith('A') ? 'B' : 'A') + base64url.slice(1);
}
