import { isKernelError } from '../../platform/kernel-error.ts';
import { stockDatabaseName } from '../../storage/stock-database.ts';
import { isKeyringCopy, isKnownCredential, type DeviceRecords, type KeyringCopy } from './device-records.ts';
import { deleteDatabase, readDevice, writeDevice } from './device-database.ts';
import { knownAccounts, type KnownAccount } from './known-accounts.ts';
import { forgetSessionIDs } from '../session-ids/acquire-session-id.ts';
import { isRecord } from '../account/sealed.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { createUnfinishedPasskeys, type UnfinishedPasskeys } from './unfinished-passkeys.ts';
import { isVaultRecord, openVault } from './vault.ts';

/** What this device keeps of accounts, apart from their content. */
export interface KeptOnDevice {
  /** Tries to write as much as `keep` will, so that a device that is full or refuses says so before anything is at stake. */
  prepare(): Promise<void>;
  /** Of this relying party; of one account, where told. */
  credentialIDs(rpID: string, accountID?: string): Promise<readonly string[]>;
  /** Those whose vault or passkey's entry is here, last used first. */
  accounts(): Promise<readonly KnownAccount[]>;
  /** Whether anything here names the account; a passkey's id stays after sign-out. */
  knows(accountID: string): Promise<boolean>;
  keyringCopy(mapID: string): Promise<KeyringCopy | undefined>;
  keyringCopiesOf(accountID: string): Promise<readonly KeyringCopy[]>;
  /** The vault that was used last, as it stands. Undefined where the device remembers nobody. */
  latestVault(): Promise<unknown>;
  vaultOf(accountID: string): Promise<unknown>;
  /**
   * Writes all of it or nothing. A damaged vault of the account is set aside; a newer version's is VAULT_TOO_NEW. Without
   * a vault to write, the one that is here goes.
   */
  keep(records: DeviceRecords): Promise<void>;
  /** Undoes `keep`, and deletes the account's content too: for an account that is not to be. */
  forget(records: DeviceRecords): Promise<void>;
  readonly unfinished: UnfinishedPasskeys;
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
    unfinished: createUnfinishedPasskeys(indexedDB),

    async prepare() {
      await writeDevice(indexedDB, (store) => store('credentials').put(probe));
      await writeDevice(indexedDB, (store) => store('credentials').delete(probe.credentialID));
    },

    async credentialIDs(rpID, accountID) {
      const records = (await readDevice(indexedDB, (store) => store('credentials').getAll())) ?? [];
      return records
        .filter(isKnownCredential)
        .filter((known) => known.rpID === rpID && (accountID ?? known.accountID) === known.accountID)
        .map(({ credentialID }) => credentialID);
    },

    async accounts() {
      const records = await readDevice(indexedDB, async (store) => [
        ...(await store('vaults').getAll()),
        ...(await store('keyrings').getAll()),
      ]);
      return knownAccounts(records ?? []);
    },

    async knows(accountID) {
      const records = await readDevice(indexedDB, async (store) => [
        ...(await store('vaults').getAll()),
        ...(await store('keyrings').getAll()),
        ...(await store('credentials').getAll()),
      ]);
      return (records ?? []).some((record) => isRecord(record) && record['accountID'] === accountID);
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

    vaultOf: (accountID) => readDevice(indexedDB, (store) => store('vaults').get(accountID)),

    async keep({ accountID, vault, keyring, credential }) {
      const before = await readDevice(indexedDB, (store) => store('vaults').get(accountID));
      const isDamaged = before !== undefined && !(await opens(platform, before));
      await writeDevice(indexedDB, async (store) => {
        if (isDamaged) await store('damaged-vaults').put(before);
        if (vault) await store('vaults').put(vault);
        else if (before !== undefined) await store('vaults').delete(accountID);
        if (keyring) await store('keyrings').put(keyring);
        if (credential) await store('credentials').put(credential);
      });
    },

    async forget({ accountID, keyring, credential }) {
      await writeDevice(indexedDB, async (store) => {
        await store('vaults').delete(accountID);
        if (keyring) await store('keyrings').delete(keyring.mapID);
        if (credential) await store('credentials').delete(credential.credentialID);
      });
      await deleteDatabase(indexedDB, stockDatabaseName(accountID));
      await forgetSessionIDs(platform, accountID);
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
