import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { contentOf, countIn, endAll } from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { resume } from '../resume.ts';
import { until } from '../../../test/support/until.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  await endAll(device);
  localStorage.clear();
});

describe('an interrupted sign-out', () => {
  /** Simulates another tab that holds the database open, or this tab ending at this moment. */
  function cannotDelete(only?: string): IDBFactory {
    const deleteDatabase = (name: string) => {
      if (name === (only ?? name)) throw new DOMException('broken', 'UnknownError');
      return indexedDB.deleteDatabase(name);
    };
    return Object.assign(Object.create(indexedDB) as IDBFactory, {
      open: (...args: Parameters<IDBFactory['open']>) => indexedDB.open(...args),
      deleteDatabase,
    });
  }

  test('[ACC-18] after the vault is deleted, leaves the account signed out, and the next start deletes the rest', async () => {
    await (await device.signedUp()).close();
    const warn = vi.fn();
    const session = await resume(
      { ...device.platform, indexedDB: cannotDelete() },
      { sync: false, logger: { debug: () => {}, warn } },
    );
    if (!session) throw new Error('nobody');
    await session.signOut({ discardUnsynced: true });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('next start'), expect.anything());
    expect(await countIn(device, 'vaults')).toBe(0);
    expect(await device.databases.names()).toContain(contentOf(session));

    expect(await device.resumed()).toBeUndefined();
    await until(async () => expect(await device.databases.names()).toEqual(['maia-device']));
    await until(async () => expect(await countIn(device, 'credentials')).toBe(1));
  });

  test('[ACC-18] of several accounts is completed, although the data of one cannot be deleted', async () => {
    await (await device.signedUp()).close();
    await (await device.signedUp({ anotherAccount: true })).close();
    const broken = { ...device.platform, indexedDB: cannotDelete() };
    const names: string[] = [];
    for (let session; (session = await resume(broken, { sync: false }));) {
      names.push(contentOf(session));
      await session.signOut({ discardUnsynced: true });
    }
    const [first = ''] = names.toSorted();
    expect(names).toHaveLength(2);
    expect(
      await resume({ ...device.platform, indexedDB: cannotDelete(first) }, { sync: false }),
    ).toBeUndefined();
    await until(async () => expect(await device.databases.names()).toEqual([first, 'maia-device']));
  });

  test('keeps what was written since, if the user signs in again before the next start', async () => {
    await (await device.signedUp()).close();
    const broken = { ...device.platform, indexedDB: cannotDelete() };
    const session = await resume(broken, { sync: false });
    if (!session) throw new Error('nobody');
    await session.signOut({ keepEncryptedData: true });
    const again = await device.signedIn();
    await device.databases.request('maia-device', 'credentials', (store) =>
      store.put({
        credentialID: `removal/${again.accountID}`,
        v: 1,
        accountID: again.accountID,
        isRemoval: true,
      }),
    );
    rootOf(again).set('since', 1);
    expect(rootOf(await device.reloaded()).get('since')).toBe(1);
    expect(await countIn(device, 'credentials')).toBe(1);
  });

  test('before the vault is deleted, leaves the account signed in and its session open', async () => {
    await (await device.signedUp()).close();
    let isBroken = false;
    const failing = Object.assign(Object.create(indexedDB) as IDBFactory, {
      deleteDatabase: (name: string) => indexedDB.deleteDatabase(name),
      open(...args: Parameters<IDBFactory['open']>) {
        if (isBroken && args[0] === 'maia-device') throw new DOMException('broken', 'UnknownError');
        return indexedDB.open(...args);
      },
    });
    const session = await resume({ ...device.platform, indexedDB: failing }, { sync: false });
    if (!session) throw new Error('nobody');
    isBroken = true;
    await expect(session.signOut({ discardUnsynced: true })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
    rootOf(session).set('a', 1);
    isBroken = false;
    await session.signOut({ discardUnsynced: true });
    expect(await device.resumed()).toBeUndefined();
  });
});
