import { isKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { stockDatabaseName } from '../../storage/stock-database.ts';
import { isRecord } from '../account/records.ts';
import { deleteDatabase, readDevice, writeDevice } from '../device/device-database.ts';
import { deviceError, unlessRefused } from '../device/device-errors.ts';
import { forgetSessionIDs } from '../session-ids/acquire-session-id.ts';

/**
 * That an account's databases are to go. It stands among the credentials, under a key that is none, from the very
 * transaction that removed the vault until the databases are gone, so that a later start goes on with it.
 */
interface Removal {
  readonly credentialID: string;
  readonly v: 1;
  readonly accountID: string;
  readonly isRemoval: true;
}

export interface Removals {
  /**
   * From here on nothing here opens the account without a prompt: all or nothing, in one transaction. Without `keepsData`
   * nothing here opens it offline either, and its databases are to go.
   */
  signOff(options: { readonly keepsData: boolean }): Promise<void>;
  /** Deletes the databases, where they are to go. What another tab holds open goes when that tab lets go. */
  finish(): Promise<void>;
}

type RemovalPlatform = Pick<Platform, 'indexedDB' | 'locks' | 'marks'>;

export function createRemovals(platform: RemovalPlatform, accountID: string): Removals {
  const { indexedDB } = platform;
  const key = keyOf(accountID);

  async function removeNow(): Promise<void> {
    if (!indexedDB) return;
    const records = await readDevice(indexedDB, async (store) => ({
      removal: await store('credentials').get(key),
      whatOpensIt: [await store('vaults').get(accountID), ...(await store('keyrings').getAll())],
    }));
    if (!isRemoval(records?.removal)) return;
    // Signed in again while the databases could not be deleted: what is in them is wanted.
    const isWanted = records.whatOpensIt.some((record) => isOf(record, accountID));
    if (isWanted || (await deleteDatabases(indexedDB))) {
      await writeDevice(indexedDB, (store) => store('credentials').delete(key));
    }
  }

  /** A tab that ends while it waits for another one takes its wish to delete with it. */
  async function deleteDatabases(factory: IDBFactory): Promise<boolean> {
    await forgetSessionIDs(platform, accountID);
    const names = [stockDatabaseName(accountID), accountDatabase(accountID).name];
    const outcomes = await Promise.all(names.map((name) => deleteDatabase(factory, name)));
    return outcomes.every((outcome) => outcome === 'deleted');
  }

  return {
    async signOff({ keepsData }) {
      if (!indexedDB) return;
      await unlessRefused(
        writeDevice(indexedDB, async (store) => {
          await store('vaults').delete(accountID);
          for (const { key: vaultKey, value } of await store('damaged-vaults').entries()) {
            if (isOf(value, accountID)) await store('damaged-vaults').delete(vaultKey);
          }
          if (keepsData) return;
          for (const { key: mapID, value } of await store('keyrings').entries()) {
            if (isOf(value, accountID)) await store('keyrings').delete(mapID);
          }
          const removal: Removal = { credentialID: key, v: 1, accountID, isRemoval: true };
          await store('credentials').put(removal);
        }),
      );
    },
    async finish() {
      try {
        // Two tabs that do this must not delete what somebody has begun to write in between.
        if (platform.locks) await platform.locks.request(`maia/removal/${accountID}`, {}, removeNow);
        else await removeNow();
      } catch (error) {
        throw isKernelError(error) ? error : deviceError(error);
      }
    },
  };
}

/** Of every account that was signed out here and whose databases did not go. */
export async function finishRemovals(platform: RemovalPlatform): Promise<void> {
  const { indexedDB } = platform;
  if (!indexedDB) return;
  const records = await unlessRefused(readDevice(indexedDB, (store) => store('credentials').getAll()));
  for (const { accountID } of (records ?? []).filter(isRemoval)) {
    await createRemovals(platform, accountID).finish();
  }
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
