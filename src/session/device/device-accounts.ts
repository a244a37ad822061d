import { isKernelError } from '../../base/kernel-error.ts';
import { isKeyringCopy, type DeviceRecords, type KeyringCopy } from './device-records.ts';
import { readDevice, writeDevice } from './device-database.ts';
import { deleteAccountData } from './delete-account-data.ts';
import { createCredentialRecords, type CredentialRecords } from './credential-records.ts';
import { knownAccounts, type KnownAccount } from './known-accounts.ts';
import { isRecord } from '../../base/record.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { isVaultRecord, openVault } from './vault.ts';

/** What this device stores about accounts, apart from their content. */
export interface DeviceAccounts extends CredentialRecords {
  /** Accounts whose vault or passkey entry is here, last used first. */
  accounts(): Promise<readonly KnownAccount[]>;
  keyringCopy(mapID: string): Promise<KeyringCopy | undefined>;
  /** The vault that was used last, unvalidated. Undefined if the device remembers no account. */
  latestVault(): Promise<unknown>;
  vaultOf(accountID: string): Promise<unknown>;
  /** Everything that opens the account here, in one read. */
  remembered(
    accountID: string,
  ): Promise<{ readonly vault: unknown; readonly copies: readonly KeyringCopy[] }>;
  /**
   * Writes all records or none. Replaces a damaged vault of the account; rejects with VAULT_TOO_NEW for one of a newer
   * version. Without a vault to write, deletes the existing one.
   */
  keep(records: DeviceRecords): Promise<void>;
  /** Undoes `keep` and deletes the account's content, for an account that could not be opened. */
  forget(records: DeviceRecords): Promise<void>;
  /** Updates the time that `latestVault` sorts by. Resolves with false if the account has no vault. */
  markUsed(accountID: string): Promise<boolean>;
}

export function deviceAccounts(platform: SecurePlatform): DeviceAccounts | undefined {
  return platform.indexedDB && createDeviceAccounts(platform, platform.indexedDB);
}

export function createDeviceAccounts(platform: SecurePlatform, indexedDB: IDBFactory): DeviceAccounts {
  return {
    ...createCredentialRecords(indexedDB),

    async accounts() {
      const records = await readDevice(indexedDB, async (store) => [
        ...(await store('vaults').getAll()),
        ...(await store('keyrings').getAll()),
      ]);
      return knownAccounts(records ?? []);
    },

    async keyringCopy(mapID) {
      const record = await readDevice(indexedDB, (store) => store('keyrings').get(mapID));
      return isKeyringCopy(record) ? record : undefined;
    },

    async latestVault() {
      const vaults = (await readDevice(indexedDB, (store) => store('vaults').getAll())) ?? [];
      return vaults.toSorted((a, b) => lastUsedAtMs(b) - lastUsedAtMs(a))[0];
    },

    vaultOf: (accountID) => readDevice(indexedDB, (store) => store('vaults').get(accountID)),

    async remembered(accountID) {
      const records = await readDevice(indexedDB, async (store) => ({
        vault: await store('vaults').get(accountID),
        keyrings: await store('keyrings').getAll(),
      }));
      const copies = (records?.keyrings ?? []).filter(isKeyringCopy);
      return { vault: records?.vault, copies: copies.filter((copy) => copy.accountID === accountID) };
    },

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
      // First: while a tab blocks this, the account stays complete.
      await deleteAccountData(platform, indexedDB, accountID);
      await writeDevice(indexedDB, async (store) => {
        await store('vaults').delete(accountID);
        if (keyring) await store('keyrings').delete(keyring.mapID);
        if (credential) await store('credentials').delete(credential.credentialID);
      });
    },

    markUsed: (accountID) =>
      writeDevice(indexedDB, async (store) => {
        const vault = await store('vaults').get(accountID);
        if (isVaultRecord(vault))
          await store('vaults').put({ ...vault, lastUsedAtMs: platform.clock.nowMs() });
        return vault !== undefined;
      }),
  };
}

/** Resolves with false for a damaged vault; rejects for one of a newer version. */
async function opens(platform: SecurePlatform, vault: unknown): Promise<boolean> {
  try {
    await openVault(platform, vault);
    return true;
  } catch (error) {
    if (isKernelError(error, 'VAULT_DAMAGED')) return false;
    throw error;
  }
}

/** A record with an unreadable time must not take precedence over one that works. */
function lastUsedAtMs(vault: unknown): number {
  return isRecord(vault) && typeof vault['lastUsedAtMs'] === 'number' ? vault['lastUsedAtMs'] : 0;
}
