import type { RawCoID } from 'cojson';
import type { MadePasskey, PasskeyRecord } from '../account/kernel-map.ts';
import type { DeviceRecords } from './device-records.ts';
import type { AccountToOpen } from '../opening/account-to-open.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { sealVault } from './vault.ts';

export interface StorableAccount extends AccountToOpen {
  readonly seed: Uint8Array<ArrayBuffer>;
  /** The ID of the keyring entry of the passkey that was used. */
  readonly mapID: RawCoID;
}

export async function createDeviceRecords(
  platform: SecurePlatform,
  account: StorableAccount,
  used: { readonly credentialID: string; readonly rpID: string; readonly label: string },
  remember: 'device' | 'passkey',
): Promise<DeviceRecords> {
  const { seed, mapID, keyrings, passkey, genesis } = account;
  const { credentialID, rpID, label } = used;
  const { accountID } = genesis;
  return {
    accountID,
    vault: remember === 'device' ? await sealVault(platform, { accountID, label, seed, passkey }) : undefined,
    keyring: {
      v: 1,
      mapID,
      accountID,
      content: keyrings,
      label,
      lastUsedAtMs: platform.clock.nowMs(),
      ...(passkey && { made: withoutSecret(passkey) }),
    },
    credential: { v: 1, credentialID, accountID, rpID },
  };
}

export function withLabel(records: DeviceRecords, label: string): DeviceRecords {
  const { vault, keyring } = records;
  return { ...records, vault: vault && { ...vault, label }, keyring: keyring && { ...keyring, label } };
}

function withoutSecret({ removalSecret: _, ...made }: PasskeyRecord): MadePasskey {
  return made;
}
