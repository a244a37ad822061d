import type { RawCoID } from 'cojson';
import type { Content } from '../account/genesis.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import type { ManagedAccount } from './managed-account.ts';
import { relyingPartyID } from './passkey-names.ts';

/** Stores a passkey that was created or used here. Without this record, signing in with it needs a relay. */
export async function keepPasskey(
  { platform, accountID, device, options, logger }: ManagedAccount,
  credentialID: string,
  mapID: RawCoID,
  content: readonly Content[],
): Promise<void> {
  await unlessDeviceFails(
    device?.keep({
      keyring: { v: 1, mapID, accountID, content },
      credential: { v: 1, credentialID, accountID, rpID: relyingPartyID(platform, options) },
    }),
    logger,
  );
}
