import { isRecord } from '../../base/record.ts';
import { readDevice, writeDevice } from './device-database.ts';
import { createUnfinishedPasskeys, type UnfinishedPasskeys } from './unfinished-passkeys.ts';

/** A passkey that was used here. It stays after sign-out, so that the user does not create a second account by mistake. */
export interface KnownCredential {
  readonly v: 1;
  readonly credentialID: string;
  readonly accountID: string;
  readonly rpID: string;
}

/** What this device knows about passkeys, for use in ceremonies. None of it is secret. */
export interface CredentialRecords {
  /** Writes as much as `keep` will, so that full or unavailable storage is reported before anything is at stake. */
  prepare(): Promise<void>;
  /** The credentials of this relying party, and only those of `accountID` if it is given. */
  credentialIDs(rpID: string, accountID?: string): Promise<readonly string[]>;
  /** Whether any record here names the account. A passkey's record does so even after sign-out. */
  knows(accountID: string): Promise<boolean>;
  /** Whether `listAccounts` returns any account, readable or not. */
  hasAccounts(): Promise<boolean>;
  readonly unfinished: UnfinishedPasskeys;
}

/** Invalid as a credential, so it is harmless if the tab closes before deleting it. */
const probe = { credentialID: '', v: 0, room: 'x'.repeat(16_384) };

export function createCredentialRecords(indexedDB: IDBFactory): CredentialRecords {
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

    async knows(accountID) {
      const records = await readDevice(indexedDB, async (store) => [
        ...(await store('vaults').getAll()),
        ...(await store('keyrings').getAll()),
        ...(await store('credentials').getAll()),
      ]);
      return (records ?? []).some((record) => isRecord(record) && record['accountID'] === accountID);
    },

    async hasAccounts() {
      const records = await readDevice(indexedDB, async (store) => [
        ...(await store('vaults').getAll()),
        ...(await store('keyrings').getAll()),
      ]);
      return (records ?? []).some((record) => isRecord(record) && typeof record['accountID'] === 'string');
    },
  };
}

export function isKnownCredential(value: unknown): value is KnownCredential {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    typeof value['credentialID'] === 'string' &&
    typeof value['accountID'] === 'string' &&
    typeof value['rpID'] === 'string'
  );
}
