import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { contentOf, countIn, endAll } from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { fullWhen } from '../../../test/support/storage/full-device.ts';
import { deviceDatabase } from '../device/device-database.ts';
import { resume } from '../resume.ts';
import type { Session } from '../session.ts';
import { until } from '../../../test/support/until.ts';

let device: TestDevice;
let isFull: boolean;
beforeEach(() => {
  device = createTestDevice(indexedDB);
  isFull = false;
});
afterEach(async () => {
  await endAll(device);
  localStorage.clear();
});

async function resumedOn(database: IDBFactory): Promise<Session> {
  const session = await resume({ ...device.platform, indexedDB: database }, { sync: false });
  if (!session) throw new Error('the device remembers no account');
  return session;
}

describe('on a full disk', () => {
  test('[ACC-30] a sign-out deletes the account’s data, and leaves no mark', async () => {
    await (await device.signedUp()).close();
    const session = await resumedOn(fullWhen(() => isFull));
    isFull = true;
    await session.signOut({ discardUnsynced: true });
    expect(await device.databases.names()).toEqual([deviceDatabase.name]);
    expect([await countIn(device, 'vaults'), await countIn(device, 'keyrings')]).toEqual([0, 0]);
    expect(localStorage.getItem('maia/removals')).toBeNull();
    expect(await device.resumed()).toBeUndefined();
  });

  test('[ACC-18] an interrupted sign-out is completed at the next start', async () => {
    await (await device.signedUp()).close();
    const deleteDatabase = () => {
      throw new DOMException('broken', 'UnknownError');
    };
    const session = await resumedOn(
      Object.assign(
        fullWhen(() => isFull),
        { deleteDatabase },
      ),
    );
    isFull = true;
    await session.signOut({ discardUnsynced: true });
    expect(await device.databases.names()).toContain(contentOf(session));
    expect(await device.resumed()).toBeUndefined();
    await until(async () => expect(await device.databases.names()).toEqual([deviceDatabase.name]));
    await until(() => expect(localStorage.getItem('maia/removals')).toBeNull());
  });

  test('[ACC-16] a sign-out that may delete nothing says what to do, and leaves the session open', async () => {
    const session = await device.signedUp();
    const writable = failIndexedDB(
      (name, mode) => mode === 'readwrite' && name === deviceDatabase.name,
      new DOMException('There is no room.', 'QuotaExceededError'),
    );
    try {
      await expect(session.signOut({ discardUnsynced: true })).rejects.toMatchObject({
        code: 'STORAGE_FULL',
        message: expect.stringContaining('then sign out again') as string,
      });
    } finally {
      writable();
    }
    rootOf(session).set('later', 1);
    expect(localStorage.getItem('maia/removals')).toBeNull();
    expect(await countIn(device, 'vaults')).toBe(1);
  });
});
