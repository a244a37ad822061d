import type { RawCoID } from 'cojson';
import type { Content } from '../account/genesis.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import type { ManagedAccount } from './managed-account.ts';

export interface KeptPasskey {
  readonly credentialID: string;
  readonly rpID: string;
  readonly mapID: RawCoID;
  /** Its entry, owners first. */
  readonly content: readonly Content[];
}

/** Stores a passkey that was created or used here. Without this record, signing in with it needs a relay. */
export async function keepPasskey(
  { accountID, device, unfinished, logger }: ManagedAccount,
  { credentialID, rpID, mapID, content }: KeptPasskey,
): Promise<void> {
  await unlessDeviceFails(
    device?.keep({
      keyring: { v: 1, mapID, accountID, content },
      credential: { v: 1, credentialID, accountID, rpID },
    }),
    logger,
  );
  unfinished.finished(credentialID);
}
