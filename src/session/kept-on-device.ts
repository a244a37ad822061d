import { isKernelError } from '../platform/kernel-error.ts';
import { contentDatabaseName } from '../storage/content-database.ts';
import { isKeyringCopy, isKnownCredential, type DeviceRecords, type KeyringCopy } from './device-records.ts';
import { deleteDatabase, readDevice, writeDevice } from './device-database.ts';
import { isRecord } from './sealed.ts';
import type { SecurePlatform } from './secure-platform.ts';
import { isVaultRecord, openVault } from './vault.ts';

/** What this device keeps of accounts, apart from their content. */
export interface KeptOnDevice {
  /** Tries to write as much as `keep` will, so that a device that is full or refuses says so before anything is at stake. */
  prepare(): Promise<void>;
  /** Of this relying party. */
  credentialIDs(rpID: string): Promise<readonly string[]>;
  keyringCopy(mapID: string): Promise<KeyringCopy | undefined>;
  keyringCopiesOf(accountID: string): Promise<readonly KeyringCopy[]>;
  /** The vault that was used last, as it stands. Undefined where the device remembers nobody. */
  latestVault(): Promise<unknown>;
  /** Writes all of it or nothing. A damaged vault of the account is set aside; a newer version's is VAULT_TOO_NEW. */
  keep(records: DeviceRecords): Promise<void>;
  /** Undoes `keep`, and deletes the account's content too: for an account that is not to be. */
  forget(records: DeviceRecords): Promise<void>;
  /** For `latestVault`. */
  markUsed(accountID: string): Promise<void>;
}

/** Left behind by a tab that ended in between, it is no credential. */
const probe = { credentialID: '', v: 0, room: 'x'.repeat(16_384) };

export function createKeptOnDevice(platform: SecurePlatform, indexedDB: IDBFactory): KeptOnDevice {
  async function keyringCopies(): Promise<readonly KeyringCopy[]> {
    return ((await readDevice(indexedDB, (store) => store('keyrings').getAll())) ?? []).filter(isKeyringCopy);
  }

  return {
    async prepare() {
      await writeDevice(indexedDB, (store) => store('credentials').put(probe));
      await writeDevice(indexedDB, (store) => store('credentials').delete(probe.credentialID));
    },

    async credentialIDs(rpID) {
      const records = (await readDevice(indexedDB, (store) => store('credentials').getAll())) ?? [];
      return records
        .filter(isKnownCredential)
        .flatMap((known) => (known.rpID === rpID ? known.credentialID : []));
    },

    async keyringCopy(mapID) {
      const record = await readDevice(indexedDB, (store) => store('keyrings').get(mapID));
      return isKeyringCopy(record) ? record : undefined;
    },

    async keyringCopiesOf(accountID) {
      return (await keyringCopies()).filter((copy) => copy.accountID === accountID);
    },

    async latestVault() {
      const vaults = (await readDevice(indexedDB, (store) => store('vaults').getAll())) ?? [];
      return vaults.toSorted((a, b) => lastUsedAtMs(b) - lastUsedAtMs(a))[0];
    },

    async keep({ vault, keyring, credential }) {
      const { accountID } = vault;
      const before = await readDevice(indexedDB, (store) => store('vaults').get(accountID));
      const isDamaged = before !== undefined && !(await opens(platform, before));
      await writeDevice(indexedDB, async (store) => {
        if (isDamaged) await store('damaged-vaults').put(before);
        await store('vaults').put(vault);
        await store('keyrings').put(keyring);
        await store('credentials').put(credential);
      });
    },

    async forget({ vault, keyring, credential }) {
      await writeDevice(indexedDB, async (store) => {
        await store('vaults').delete(vault.accountID);
        await store('keyrings').delete(keyring.mapID);
        await store('credentials').delete(credential.credentialID);
      });
      await deleteDatabase(indexedDB, contentDatabaseName(vault.accountID));
    },

    markUsed: (accountID) =>
      writeDevice(indexedDB, async (store) => {
        const vault = await store('vaults').get(accountID);
        if (isVaultRecord(vault))
          await store('vaults').put({ ...vault, lastUsedAtMs: platform.clock.nowMs() });
      }),
  };
}

/** False for a damaged vault; rejects for one of a newer version. */
async function opens(platform: SecurePlatform, vault: unknown): Promise<boolean> {
  try {
    await openVault(platform, vault);
    return true;
  } catch (error) {
    if (isKernelError(error, 'VAULT_DAMAGED')) return false;
    throw error;
  }
}

/** A record whose time cannot be read is not preferred to one that works. */
function lastUsedAtMs(vault: unknown): number {
  return isRecord(vault) && typeof vault['lastUsedAtMs'] === 'number' ? vault['lastUsedAtMs'] : 0;
}
