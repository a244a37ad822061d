import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import type { Platform } from '../../platform/platform.ts';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { fullWhen } from '../../../test/support/storage/full-device.ts';
import { createFakePasskeys, type FakePasskeys } from '../../../test/support/platform/fake-passkeys.ts';
import { activeSession } from '../active-session.ts';
import { deviceDatabase } from './device-database.ts';
import { resume } from '../resume.ts';
import { signIn } from '../sign-in.ts';
import { signUp } from '../sign-up/sign-up.ts';

const databases = createDatabases(indexedDB);
const offline = { sync: false } as const;
const leftOver = { credentialID: 'passkey-1', label: 'Ada' };
let passkeys: FakePasskeys;
let platform: Platform;

beforeEach(() => {
  passkeys = createFakePasskeys();
  platform = { ...createBrowserPlatform(), passkeys };
});
afterEach(async () => {
  while (activeSession.current) await activeSession.current.close();
  await databases.deleteAll();
});

async function keptRecords(): Promise<number> {
  const counts = await Promise.all(
    ['vaults', 'damaged-vaults', 'keyrings', 'credentials'].map((store) =>
      databases.request<number>(deviceDatabase.name, store, (records) => records.count()),
    ),
  );
  return counts.reduce((sum, count) => sum + count);
}

function refusing(error: DOMException): IDBFactory {
  const open = () => {
    throw error;
  };
  return Object.assign(Object.create(indexedDB) as IDBFactory, { open });
}

describe('a full device', () => {
  let isFull: boolean;
  let full: Platform;
  beforeEach(() => {
    isFull = false;
    full = { ...platform, indexedDB: fullWhen(() => isFull) };
  });
  const noRoom = { code: 'STORAGE_FULL', cause: { name: 'QuotaExceededError' } };

  test('is reported before a passkey is created', async () => {
    isFull = true;
    await expect(signUp(full, offline)).rejects.toMatchObject(noRoom);
    expect(passkeys.ceremonies).toEqual([]);
  });

  test('leaves no half account if the vault cannot be written, and names the passkey', async () => {
    const { create } = passkeys;
    const thenFull: FakePasskeys = {
      ...passkeys,
      async create(request) {
        isFull = true;
        return create(request);
      },
    };
    const signingUp = signUp({ ...full, passkeys: thenFull }, { ...offline, name: 'Ada' });
    await expect(signingUp).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      message: expect.stringContaining('“Ada”') as string,
      cause: noRoom,
    });
    expect(activeSession.current).toBeUndefined();
    expect(await databases.names()).toEqual([deviceDatabase.name]);
    expect(await keptRecords()).toBe(0);
    expect(await resume(platform, offline)).toBeUndefined();
  });

  test('does not prevent signing in: the next start takes one more tap', async () => {
    const first = await signUp(full, offline);
    await first.close();
    await databases.request(deviceDatabase.name, 'vaults', (vaults) => vaults.clear());
    isFull = true;
    const warn = vi.fn();
    const session = await signIn(full, { ...offline, logger: { debug: () => {}, warn } });
    expect(session.accountID).toBe(first.accountID);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no space'), { code: 'STORAGE_FULL' });
    expect(await resume(platform, offline)).toBeUndefined();
  });

  test('still resumes; it only cannot record the time of last use', async () => {
    const first = await signUp(full, offline);
    await first.close();
    isFull = true;
    expect((await resume(full, offline))?.accountID).toBe(first.accountID);
  });
});

describe('a session that cannot be opened', () => {
  test('undoes everything that sign-up had written, and names the passkey', async () => {
    const on = () => {
      throw new Error('broken');
    };
    const { url, isSecureContext } = platform.page;
    const page = { url, isSecureContext, isOnline: true, isVisible: true, on };
    const options = { name: 'Ada', sync: { url: 'ws://127.0.0.1:9' } };
    await expect(signUp({ ...platform, page }, options)).rejects.toMatchObject({
      code: 'PASSKEY_ORPHANED',
      details: leftOver,
      cause: { message: 'broken' },
    });
    expect(activeSession.current).toBeUndefined();
    expect(await databases.names()).toEqual([deviceDatabase.name]);
    expect(await keptRecords()).toBe(0);
  });
});

describe('a browser that denies its database', () => {
  test.each(['SecurityError', 'InvalidStateError', 'UnknownError'])('by %s still signs up', async (name) => {
    const warn = vi.fn();
    const refused = { ...platform, indexedDB: refusing(new DOMException('refused', name)) };
    const session = await signUp(refused, { ...offline, logger: { debug: () => {}, warn } });
    expect(session.account.get('root')).toBeDefined();
    expect(warn).toHaveBeenCalledWith(expect.any(String), { code: 'STORAGE_UNAVAILABLE' });
    expect(await databases.names()).not.toContain(deviceDatabase.name);
  });

  test('remembers nobody', async () => {
    const refused = { ...platform, indexedDB: refusing(new DOMException('refused', 'SecurityError')) };
    expect(await resume(refused, offline)).toBeUndefined();
    const other = { ...platform, indexedDB: refusing(new DOMException('refused', 'InvalidStateError')) };
    expect(await resume(other, offline)).toBeUndefined();
    expect(await resume({ ...platform, indexedDB: undefined }, offline)).toBeUndefined();
    expect(await resume({ ...platform, subtle: undefined }, offline)).toBeUndefined();
  });
});

test('a failing database is not mistaken for a device without accounts', async () => {
  const failing = { ...platform, indexedDB: refusing(new DOMException('broken', 'UnknownError')) };
  await expect(resume(failing, offline)).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    cause: { name: 'UnknownError' },
  });
});

test('a refused prompt leaves nothing of an account on the device', async () => {
  passkeys.failNext(new DOMException('', 'NotAllowedError'));
  await expect(signUp(platform, offline)).rejects.toMatchObject({ code: 'PASSKEY_REFUSED' });
  expect(await keptRecords()).toBe(0);
});
