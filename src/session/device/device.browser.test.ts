import type { RawCoMap } from 'cojson';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { signUpWithPhrase } from '../phrase/sign-up-with-phrase.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { activeSession } from '../active-session.ts';
import type { Session } from '../session.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(() => device.end());

/** Finds the session's maps by the `uniqueness` in their headers. */
function mapsIn({ node }: Session, uniqueness: string): readonly RawCoMap[] {
  return [...node.allCoValues()].flatMap((core) =>
    core.isAvailable() && core.verified.header.uniqueness === uniqueness
      ? (core.getCurrentContent() as RawCoMap)
      : [],
  );
}

describe('a reload', () => {
  test('[ACC-10] opens the account again and continues its session, without prompt or network', async () => {
    const before = await device.signedUp();
    rootOf(before).set('note', 'kept');
    await untilSaved(before);
    const after = await device.reloaded();
    expect(after.accountID).toBe(before.accountID);
    expect(rootOf(after).get('note')).toBe('kept');
    expect(after.node.currentSessionID).toBe(before.node.currentSessionID);
    expect(device.passkeys.ceremonies).toHaveLength(1);
    expect(activeSession.current).toBe(after);
  });

  test('counts nothing as unsaved, and writes no content again', async () => {
    await untilSaved(await device.signedUp());
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const session = await device.reloaded();
    expect(session.sync.current.saved).toMatchObject({ pending: 0 });
    await session.close();
    const written = () =>
      begin.mock.calls.flatMap(([stores, mode], call) => {
        const { name } = begin.mock.contexts[call] as IDBDatabase;
        return mode === 'readwrite'
          ? Array.from(typeof stores === 'string' ? [stores] : stores, (store) => `${name} ${store}`)
          : [];
      });
    // The write to the vault runs in the background.
    await until(() => expect(written()).toContain('maia-device vaults'));
    expect(written()).not.toContain(`maia-${session.accountID} segments`);
    begin.mockRestore();
  });

  test('remembers no account if no user signed up, and leaves no trace', async () => {
    expect(await device.resumed()).toBeUndefined();
    expect(await device.databases.names()).toEqual([]);
  });

  test('opens the account that was used last', async () => {
    const one = await device.signedUp();
    const two = await device.signedUp({ anotherAccount: true });
    expect((await device.reloaded()).accountID).toBe(two.accountID);
    for (const vault of await device.vaults()) {
      await device.putVault({ ...vault, lastUsedAtMs: vault['accountID'] === one.accountID ? 2 : 1 });
    }
    expect((await device.reloaded()).accountID).toBe(one.accountID);
    expect(
      (await device.vaults()).find((vault) => vault['accountID'] === one.accountID)?.['lastUsedAtMs'],
    ).toBeGreaterThan(2);
  });

  test('completes an account whose tab ended right after its vault was written', async () => {
    const { accountID } = await device.signedUp();
    await device.closeAll();
    await device.databases.delete(`maia-${accountID}`);
    const session = await device.reloaded();
    expect(session.accountID).toBe(accountID);
    expect(mapsIn(session, 'maia/kernel/v1').map((map) => map.keys())).toEqual([['passkey/passkey-1']]);
    expect(mapsIn(session, 'maia/keyring/v1').map((map) => map.keys())).toEqual([['entry']]);
  });

  test('keeps two accounts apart', async () => {
    const one = await device.signedUp();
    const two = await device.signedUp({ anotherAccount: true });
    rootOf(two).set('note', 'mine');
    expect(rootOf(one).get('note')).toBeUndefined();
    expect(await device.databases.names()).toEqual(
      [one, two]
        .map(({ accountID }) => `maia-${accountID}`)
        .concat('maia-device')
        .toSorted(),
    );
  });
});

describe('signing in on a device that knows the passkey', () => {
  test('needs no network, and brings the passkey’s entry for the relay', async () => {
    const { accountID } = await device.signedUp();
    await device.closeAll();
    await device.databases.delete(`maia-${accountID}`);
    const session = await device.signedIn();
    expect(session.accountID).toBe(accountID);
    expect(mapsIn(session, 'maia/keyring/v1')).toHaveLength(1);
    expect(device.passkeys.ceremonies).toHaveLength(2);
  });

  test('asks the relay if its copy is damaged', async () => {
    await device.signedUp();
    const [copy] = await device.databases.request<{ content: unknown }[]>(
      'maia-device',
      'keyrings',
      (store) => store.getAll(),
    );
    await device.databases.request('maia-device', 'keyrings', (store) =>
      store.put({ ...copy, content: [{ broken: true }] }),
    );
    await expect(device.signedIn()).rejects.toMatchObject({ code: 'SYNC_OFF' });
  });
});

describe('signing up on a device that has an account', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a passkey', () => device.signedUp()],
    ['a passkey of another provider', () => device.signedUp({}, createFakePasskeys({ name: 'phone' }))],
    [
      'a recovery phrase',
      async () => {
        const { session } = await signUpWithPhrase(device.platform, { sync: false });
        await session.close();
      },
    ],
  ])(
    '[ACC-11] offers signing in without a prompt, and creates no second account: opened by %s',
    async (_, first) => {
      await first();
      const prompts = device.passkeys.ceremonies.length;
      await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
      expect(device.passkeys.ceremonies).toHaveLength(prompts);
      expect(await device.vaults()).toHaveLength(1);
    },
  );

  test('creates one if the app asks for it', async () => {
    const one = await device.signedUp();
    expect((await device.signedUp({ anotherAccount: true })).accountID).not.toBe(one.accountID);
  });
});
