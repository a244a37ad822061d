import type { RawCoID } from 'cojson';
import type { Content } from '../account/genesis.ts';
import { readDevice, writeDevice } from './device-database.ts';
import { isKeyringCopy, type KeyringCopy } from './device-records.ts';
import { isKnownCredential, type KnownCredential } from './credential-records.ts';

/** What this device keeps of passkeys, for an account that is open. */
export interface KeptPasskeys {
  /** All that were made or used here. */
  credentialIDs(): Promise<readonly string[]>;
  /** For signing in with it without a network, and for not making a second one in the same keeper. */
  keep(passkey: { readonly keyring: KeyringCopy; readonly credential: KnownCredential }): Promise<void>;
  /**
   * Forgets a removed passkey. Where there was a copy of its entry, the deletion stands in its place, so that signing in
   * with it says so without a network.
   */
  drop(passkey: {
    readonly credentialID: string;
    readonly mapID: RawCoID;
    readonly deletion: readonly Content[];
  }): Promise<void>;
}

export function createKeptPasskeys(indexedDB: IDBFactory): KeptPasskeys {
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
