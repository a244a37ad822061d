import { isRecord } from '../../base/record.ts';
import { readDevice, writeDevice } from './device-database.ts';

/** A passkey without an account yet, stored under the credential's key, so that the account's record replaces it. */
export interface UnfinishedPasskey {
  readonly v: 1;
  readonly credentialID: string;
  readonly rpID: string;
  readonly label: string;
  readonly madeAtMs: number;
  readonly isUnfinished: true;
}

/** Lets the next sign-up continue with the passkey of a sign-up whose tab ended. */
export interface UnfinishedPasskeys {
  /** The latest one of a relying party. */
  latest(rpID: string): Promise<UnfinishedPasskey | undefined>;
  get(credentialID: string): Promise<UnfinishedPasskey | undefined>;
  /** Does nothing if the passkey has an account. */
  note(passkey: Omit<UnfinishedPasskey, 'v' | 'isUnfinished'>): Promise<void>;
  /** Does nothing if the passkey has an account. */
  forget(credentialID: string): Promise<void>;
}

export function createUnfinishedPasskeys(indexedDB: IDBFactory): UnfinishedPasskeys {
  return {
    async latest(rpID) {
      const records = (await readDevice(indexedDB, (store) => store('credentials').getAll())) ?? [];
      return records
        .filter(isUnfinishedPasskey)
        .filter((passkey) => passkey.rpID === rpID)
        .toSorted((one, other) => other.madeAtMs - one.madeAtMs)[0];
    },

    async get(credentialID) {
      const record = await readDevice(indexedDB, (store) => store('credentials').get(credentialID));
      return isUnfinishedPasskey(record) ? record : undefined;
    },

    async note(passkey) {
      const record: UnfinishedPasskey = { v: 1, ...passkey, isUnfinished: true };
      await writeDevice(indexedDB, async (store) => {
        const before = await store('credentials').get(passkey.credentialID);
        if (before === undefined || isUnfinishedPasskey(before)) await store('credentials').put(record);
      });
    },

    async forget(credentialID) {
      await writeDevice(indexedDB, async (store) => {
        const record = await store('credentials').get(credentialID);
        if (isUnfinishedPasskey(record)) await store('credentials').delete(credentialID);
      });
    },
  };
}

function isUnfinishedPasskey(value: unknown): value is UnfinishedPasskey {
  return (
    isRecord(value) &&
    value['v'] === 1 &&
    value['isUnfinished'] === true &&
    typeof value['credentialID'] === 'string' &&
    typeof value['rpID'] === 'string' &&
    typeof value['label'] === 'string' &&
    typeof value['madeAtMs'] === 'number'
  );
}
