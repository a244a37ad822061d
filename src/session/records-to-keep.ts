import type { RawCoID } from 'cojson';
import type { DeviceRecords } from './device-records.ts';
import type { AccountToOpen } from './open-session.ts';
import type { SecurePlatform } from './secure-platform.ts';
import { sealVault } from './vault.ts';

/** An account together with what leads to it. */
export interface KeepableAccount extends AccountToOpen {
  readonly seed: Uint8Array<ArrayBuffer>;
  /** The entry of the passkey that was used. */
  readonly mapID: RawCoID;
}

/** What this device keeps after a passkey was used on it. */
export async function recordsToKeep(
  platform: SecurePlatform,
  account: KeepableAccount,
  used: { readonly credentialID: string; readonly rpID: string; readonly label: string },
): Promise<DeviceRecords> {
  const { seed, mapID, keyrings, passkey, genesis } = account;
  const { credentialID, rpID, label } = used;
  const { accountID } = genesis;
  return {
    vault: await sealVault(platform, { accountID, label, seed, passkey }),
    keyring: { v: 1, mapID, accountID, content: keyrings },
    credential: { v: 1, credentialID, accountID, rpID },
  };
}
