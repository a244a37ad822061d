import { isKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { stockDatabaseName } from '../../storage/stock-database.ts';
import { isRecord } from '../../base/record.ts';
import { deleteDatabase, readDevice, writeDevice } from '../device/device-database.ts';
import { deviceError, unlessRefused } from '../device/device-errors.ts';
import { forgetSessionIDs } from '../session-ids/acquire-session-id.ts';

/**
 * Marks an account's databases for deletion. Written among the credentials, under a key that no credential uses, by the
 * transaction that deletes the vault. It stays until the databases are gone, so a later start resumes the deletion.
 */
interface Removal {
  readonly credentialID: string;
  readonly v: 1;
  readonly accountID: string;
  readonly isRemoval: true;
}

export interface Removals {
  /**
   * Afterwards this device cannot open the account without a prompt. One transaction: all or nothing. Without `keepsData`,
   * the account cannot be opened offline either, and its databases are marked for deletion.
   */
  signOff(options: { readonly keepsData: boolean }): Promise<void>;
  /** Deletes the marked databases. One that another tab holds open is deleted when that tab closes it. */
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
    // The user signed in again before the databases could be deleted, so their content is wanted.
    const isWanted = records.whatOpensIt.some((record) => isOf(record, accountID));
    if (isWanted || (await deleteDatabases(indexedDB))) {
      await writeDevice(indexedDB, (store) => store('credentials').delete(key));
    }
  }

  /** False while another tab blocks a deletion: the pending request is lost if this tab ends. */
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
        // Two tabs may run this; neither may delete what a new session has started to write.
        if (platform.locks) await platform.locks.request(`maia/removal/${accountID}`, {}, removeNow);
        else await removeNow();
      } catch (error) {
        throw isKernelError(error) ? error : deviceError(error);
      }
    },
  };
}

/** Finishes the removal of every account that was signed out here and whose databases still exist. */
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
