import type { RawAccountID, SessionID } from 'cojson';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDatabases } from '../../../test/support/storage/databases.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { openDatabase } from '../../storage/indexed-db.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { createMemoryStorage } from '../../storage/memory-storage.ts';
import { kernelStorageModule } from '../../storage/storage-modules.ts';
import { openWithSessionID } from './open-with-session-id.ts';

const accountID = 'co_zReads' as RawAccountID;
let isSilent: boolean;
let made: number;
beforeEach(async () => {
  isSilent = false;
  made = 0;
  (await openDatabase(indexedDB, accountDatabase(accountID)))?.close();
  const storage = createMemoryStorage();
  vi.spyOn(kernelStorageModule, 'load').mockResolvedValue({
    openKernelStorage: () =>
      Promise.resolve({
        ...storage,
        loadKnownState(id, callback) {
          if (!isSilent) callback({ id: id as RawAccountID, header: true, sessions: {} });
        },
      }),
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  localStorage.clear();
  await createDatabases(indexedDB).deleteAll();
});

/** Opens the account, ends that run cleanly and returns its session ID. */
async function run(): Promise<SessionID> {
  const after = (ms: number, act: () => void) => systemClock.after(ms === 5_000 ? 50 : ms, act);
  const { lease } = await openWithSessionID({
    kind: 'kernel',
    accountID,
    newSessionID: () => `${accountID}_session_z${++made}` as SessionID,
    platform: { ...createBrowserPlatform(), clock: { ...systemClock, after } },
    logger: silentLogger,
  });
  lease.release(true);
  return lease.sessionID;
}

test('[ACC-26] a session ID is not used again if the storage does not answer whether it has the account', async () => {
  const first = await run();
  expect(await run()).toBe(first);
  isSilent = true;
  expect(await run()).not.toBe(first);
});
