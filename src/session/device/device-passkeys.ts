import type { RawCoID } from 'cojson';
import type { Content } from '../account/genesis.ts';
import { readDevice, writeDevice } from './device-database.ts';
import { isKeyringCopy, type KeyringCopy } from './device-records.ts';
import { isKnownCredential, type KnownCredential } from './credential-records.ts';

/** What this device stores about an open account's passkeys. */
export interface DevicePasskeys {
  /** The IDs of all passkeys that were created or used here. */
  credentialIDs(): Promise<readonly string[]>;
  /** Allows signing in with the passkey offline, and prevents a second one at the same provider. */
  keep(passkey: { readonly keyring: KeyringCopy; readonly credential: KnownCredential }): Promise<void>;
  /** Replaces any copy of the entry with its deletion, so that even an offline sign-in is refused. */
  drop(passkey: {
    readonly credentialID: string;
    readonly mapID: RawCoID;
    readonly deletion: readonly Content[];
  }): Promise<void>;
}

export function createDevicePasskeys(indexedDB: IDBFactory): DevicePasskeys {
  return {
    async credentialIDs() {
      const records = (await readDevice(indexedDB, (store) => store('credentials').getAll())) ?? [];
      return records.filter(isKnownCredential).map(({ credentialID }) => credentialID);
    },

    async keep({ keyring, credential }) {
      await writeDevice(indexedDB, async (store) => {
        await store('keyrings').put(keyring);
        await store('credentials').put(credential);
      });
    },

    async drop({ credentialID, mapID, deletion }) {
      const kept = await readDevice(indexedDB, async (store) => ({
        copy: await store('keyrings').get(mapID),
        credential: await store('credentials').get(credentialID),
      }));
      if (!kept || (kept.copy === undefined && kept.credential === undefined)) return;
      await writeDevice(indexedDB, async (store) => {
        await store('credentials').delete(credentialID);
        if (isKeyringCopy(kept.copy)) await store('keyrings').put({ ...kept.copy, content: deletion });
        else await store('keyrings').delete(mapID);
      });
    },
  };
}
