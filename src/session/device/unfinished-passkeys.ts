import { isRecord } from '../../base/record.ts';
import { parseFacts, type PasskeyFacts } from '../account/passkey-facts.ts';
import { readDevice, writeDevice } from './device-database.ts';

/** A passkey that opens nothing yet, stored under the credential's key, so that the account's record replaces it. */
export interface UnfinishedPasskey {
  readonly v: 1;
  readonly credentialID: string;
  readonly rpID: string;
  readonly label: string;
  readonly madeAtMs: number;
  readonly isUnfinished: true;
  /** Notes of earlier versions lack it. */
  readonly facts?: PasskeyFacts;
  /** The account that it was to be added to; absent if it was to create one. */
  readonly addTo?: string;
  /** The passkeys that this device already knew, if it was to create an account. */
  readonly besides?: readonly string[];
  /** A prompt for it was refused, so it may be gone. */
  readonly isDoubted?: boolean;
}

/** Lets the next attempt continue with the passkey of a sign-up, or of `passkeys.add`, that ended early. */
export interface UnfinishedPasskeys {
  /** Those for the account or, without `addTo`, those of sign-ups; the latest first. */
  list(addTo?: string): Promise<readonly UnfinishedPasskey[]>;
  get(credentialID: string): Promise<UnfinishedPasskey | undefined>;
  /** Replaces an earlier note. Does nothing if the passkey has an account. */
  note(passkey: Omit<UnfinishedPasskey, 'v' | 'isUnfinished'>): Promise<void>;
  /** Does nothing if the passkey has an account. */
  forget(credentialID: string): Promise<void>;
}

export function createUnfinishedPasskeys(indexedDB: IDBFactory): UnfinishedPasskeys {
  return {
    async list(addTo) {
      const records = (await readDevice(indexedDB, (store) => store('credentials').getAll())) ?? [];
      return records
        .flatMap((record) => parseUnfinished(record) ?? [])
        .filter((passkey) => passkey.addTo === addTo)
        .toSorted((one, other) => other.madeAtMs - one.madeAtMs);
    },

    async get(credentialID) {
      const record = await readDevice(indexedDB, (store) => store('credentials').get(credentialID));
      return parseUnfinished(record);
    },

    async note(passkey) {
      const record: UnfinishedPasskey = { v: 1, ...passkey, isUnfinished: true };
      await writeDevice(indexedDB, async (store) => {
        const before = await store('credentials').get(passkey.credentialID);
        if (before === undefined || parseUnfinished(before)) await store('credentials').put(record);
      });
    },

    async forget(credentialID) {
      await writeDevice(indexedDB, async (store) => {
        const record = await store('credentials').get(credentialID);
        if (parseUnfinished(record)) await store('credentials').delete(credentialID);
      });
    },
  };
}

function parseUnfinished(value: unknown): UnfinishedPasskey | undefined {
  if (!isRecord(value) || value['v'] !== 1 || value['isUnfinished'] !== true) return undefined;
  const { credentialID, rpID, label, madeAtMs, addTo, besides } = value;
  if (typeof credentialID !== 'string' || typeof rpID !== 'string') return undefined;
  if (typeof label !== 'string' || typeof madeAtMs !== 'number') return undefined;
  const facts = parseFacts(value['facts']);
  return {
    v: 1,
    credentialID,
    rpID,
    label,
    madeAtMs,
    isUnfinished: true,
    ...(facts && { facts }),
    ...(typeof addTo === 'string' && { addTo }),
    ...(Array.isArray(besides) && { besides: besides.map(String) }),
    ...(value['isDoubted'] === true && { isDoubted: true }),
  };
}
