import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { isRecord } from '../../base/record.ts';
import { deleteAccountData } from '../device/delete-account-data.ts';
import { readDevice, writeDevice } from '../device/device-database.ts';
import { databaseBlocked, deviceError, unlessRefused } from '../device/device-errors.ts';
import { holdLockInTime, whileHeld } from '../session-ids/held-lock.ts';
import { createRemovalMarks } from './removal-marks.ts';
import { presentTabs } from './tab-presence.ts';

/**
 * Marks an account's databases for deletion. Written among the credentials, under a key that no credential uses, by the
 * transaction that deletes the vault. It stays until the databases are gone and no tab is left that could create them
 * again, so a later start resumes the deletion. On a full disk, a removal mark replaces it.
 */
interface Removal {
  readonly credentialID: string;
  readonly v: 1;
  readonly accountID: string;
  readonly isRemoval: true;
}

/** How long to wait for another tab's removal. A page frozen during one may hold its lock forever. */
const waitMs = 5_000;

export interface Removals {
  /**
   * Afterwards this device cannot open the account without a prompt. One transaction: all or nothing. Without `keepsData`,
   * the account cannot be opened offline either, and its databases are marked for deletion. Works on a full disk.
   */
  signOff(options: { readonly keepsData: boolean }): Promise<void>;
  /** Whether the databases are marked for deletion. */
  isMarked(): Promise<boolean>;
  /** Deletes the marked databases. Rejects with STORAGE_BLOCKED if a tab that does not react holds this up. */
  finish(): Promise<void>;
  /** Like `finish`, before this tab opens the account: what it stores from then on is wanted, so no mark stays. */
  finishToOpen(): Promise<void>;
}

type RemovalPlatform = Pick<Platform, 'clock' | 'indexedDB' | 'locks' | 'marks'>;

export function createRemovals(platform: RemovalPlatform, accountID: string): Removals {
  const { indexedDB } = platform;
  const key = keyOf(accountID);
  const marks = createRemovalMarks(platform.marks);

  async function unmark(): Promise<void> {
    marks.remove(accountID);
    if (indexedDB) await writeDevice(indexedDB, (store) => store('credentials').delete(key));
  }

  async function removeNow(isOpening: boolean): Promise<void> {
    if (!indexedDB) return;
    const records = await readDevice(indexedDB, async (store) => ({
      removal: await store('credentials').get(key),
      whatOpensIt: [await store('vaults').get(accountID), ...(await store('keyrings').getAll())],
    }));
    if (!records || !(isRemoval(records.removal) || marks.has(accountID))) return;
    try {
      // The user signed in again before the databases could be deleted, so their content is wanted.
      const isWanted = records.whatOpensIt.some((record) => isOf(record, accountID));
      if (!isWanted) await deleteAccountData(platform, indexedDB, accountID);
      if (!isOpening && (isWanted || !(await presentTabs(platform, accountID))?.length)) await unmark();
    } finally {
      if (isOpening) await unmark();
    }
  }

  /** Two tabs may run this; neither may delete what a new session has started to write. */
  async function alone(isOpening: boolean): Promise<void> {
    let isLate = false;
    const late = (cause: unknown) => {
      isLate = true;
      return databaseBlocked(cause);
    };
    try {
      const lock = await holdLockInTime(platform, `maia/removal/${accountID}`, { waitMs, late });
      await whileHeld(lock, () => removeNow(isOpening));
    } catch (error) {
      // The tab that holds the lock may be frozen, so nothing is deleted here, and later starts must not do it either.
      if (isLate && isOpening) await unmark();
      throw isKernelError(error) ? error : deviceError(error);
    }
  }

  async function forget(
    indexedDB: IDBFactory,
    { keepsData, hasRecord }: { readonly keepsData: boolean; readonly hasRecord: boolean },
  ): Promise<void> {
    const forgetting = writeDevice(indexedDB, async (store) => {
      await store('vaults').delete(accountID);
      for (const { key: vaultKey, value } of await store('damaged-vaults').entries()) {
        if (isOf(value, accountID)) await store('damaged-vaults').delete(vaultKey);
      }
      if (keepsData) return;
      for (const { key: mapID, value } of await store('keyrings').entries()) {
        if (isOf(value, accountID)) await store('keyrings').delete(mapID);
      }
      const removal: Removal = { credentialID: key, v: 1, accountID, isRemoval: true };
      if (hasRecord) await store('credentials').put(removal);
    });
    await unlessRefused(forgetting);
  }

  /** Deleting needs no room, but the record does. */
  async function forgetOnFullDisk(indexedDB: IDBFactory): Promise<void> {
    marks.add(accountID);
    try {
      await forget(indexedDB, { keepsData: false, hasRecord: false });
    } catch (error) {
      marks.remove(accountID);
      throw error;
    }
  }

  return {
    async signOff({ keepsData }) {
      if (!indexedDB) return;
      try {
        await forget(indexedDB, { keepsData, hasRecord: true }).catch((error: unknown) => {
          if (keepsData || !isKernelError(error, 'STORAGE_FULL')) throw error;
          return forgetOnFullDisk(indexedDB);
        });
      } catch (error) {
        throw isKernelError(error, 'STORAGE_FULL') ? cannotForget(error.cause) : error;
      }
    },
    isMarked: async () =>
      indexedDB !== undefined &&
      (marks.has(accountID) ||
        isRemoval(await readDevice(indexedDB, (store) => store('credentials').get(key)))),
    finish: () => alone(false),
    finishToOpen: () => alone(true),
  };
}

/** Finishes the removal of every account that was signed out here and whose databases still exist. */
export async function finishRemovals(platform: RemovalPlatform): Promise<void> {
  const { indexedDB } = platform;
  if (!indexedDB) return;
  const records = await unlessRefused(readDevice(indexedDB, (store) => store('credentials').getAll()));
  const recorded = (records ?? []).filter(isRemoval).map(({ accountID }) => accountID);
  const marked = records ? createRemovalMarks(platform.marks).all() : [];
  const endings = await Promise.allSettled(
    [...new Set([...recorded, ...marked])].map((accountID) => createRemovals(platform, accountID).finish()),
  );
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
}

function cannotForget(cause: unknown): KernelError {
  return createKernelError(
    'STORAGE_FULL',
    'This device has no space left, so the account could not be removed from it and is still signed in. Free some space, then sign out again.',
    { cause },
  );
}

function keyOf(accountID: string): string {
  return `removal/${accountID}`;
}

function isRemoval(value: unknown): value is Removal {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    value['isRemoval'] === true &&
    typeof value['accountID'] === 'string' &&
    value['credentialID'] === keyOf(value['accountID'])
  );
}

function isOf(record: unknown, accountID: string): boolean {
  return isRecord(record) && record['accountID'] === accountID;
}
