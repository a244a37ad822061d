import { isRecord } from '../account/records.ts';
import { readDevice, writeDevice } from './device-database.ts';
import { createUnfinishedPasskeys, type UnfinishedPasskeys } from './unfinished-passkeys.ts';

/** A passkey that was used here. It stays after sign-out, so that nobody makes a second account by mistake. */
export interface KnownCredential {
  readonly v: 1;
  readonly credentialID: string;
  readonly accountID: string;
  readonly rpID: string;
}

/** What this device knows of passkeys, which a ceremony asks for: none of it is secret. */
export interface KeptCredentials {
  /** Tries to write as much as `keep` will, so that a device that is full or refuses says so before anything is at stake. */
  prepare(): Promise<void>;
  /** Of this relying party; of one account, where told. */
  credentialIDs(rpID: string, accountID?: string): Promise<readonly string[]>;
  /** Whether anything here names the account; a passkey's id stays after sign-out. */
  knows(accountID: string): Promise<boolean>;
  readonly unfinished: UnfinishedPasskeys;
}

/** Left behind by a tab that ended in between, it is no credential. */
const probe = { credentialID: '', v: 0, room: 'x'.repeat(16_384) };

export function createKeptCredentials(indexedDB: IDBFactory): KeptCredentials {
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
