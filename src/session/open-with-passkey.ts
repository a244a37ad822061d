import type { RawCoID, RawCoMap } from 'cojson';
import { silentLogger } from '../base/logger.ts';
import { readPasskeys } from './account/kernel-map.ts';
import type { SecurePlatform } from './account/secure-platform.ts';
import { createSessionCrypto } from './account/session-crypto.ts';
import { requireChosen } from './device/chosen-account.ts';
import { unlessDeviceFails } from './device/prepare-device.ts';
import { keptOnDevice } from './device/device-accounts.ts';
import { recordsToKeep, withLabel } from './device/create-device-records.ts';
import { findAccount } from './keyring/find-account.ts';
import { deriveKeyringKeys } from './keyring/keyring-keys.ts';
import { openSession } from './opening/open-session.ts';
import type { UsedPasskey } from './passkeys/ceremonies.ts';
import { signUpUnfinished, throwIfAborted } from './passkeys/ceremony-errors.ts';
import { passkeyNames } from './passkeys/passkey-names.ts';
import type { Session, SignInOptions } from './session.ts';

/** Opens the account of a passkey that was used just now. */
export async function openWithPasskey(
  platform: SecurePlatform,
  used: UsedPasskey,
  options: SignInOptions & { readonly rpID: string },
): Promise<Session> {
  const { signal, sync = {}, logger = silentLogger, remember = 'device', rpID } = options;
  const device = keptOnDevice(platform);
  const left = device && (await unlessDeviceFails(device.unfinished.get(used.credentialID), logger));
  if (left) throw signUpUnfinished(left);
  const crypto = await createSessionCrypto();
  const keyring = await deriveKeyringKeys(crypto, platform.subtle, used.prfOutput);
  const account = await findAccount({ crypto, keyring, sync, platform, signal, logger });
  const { credentialID } = used;
  const { accountID } = account.genesis;
  requireChosen(accountID, options.accountID);
  throwIfAborted(signal);
  if (!device || remember === 'never') {
    return openSession(platform, { ...account, openedBy: credentialID }, options);
  }
  const known = (await unlessDeviceFails(device.accounts(), logger)) ?? [];
  // Its ID stands for a label that cannot be read.
  const knownHere = known.find((each) => each.accountID === accountID && each.label !== accountID)?.label;
  const { label } = passkeyNames(platform, options);
  // Before the session takes the seed over.
  const records = await recordsToKeep(platform, account, { credentialID, rpID, label }, remember);
  const session = await openSession(platform, { ...account, openedBy: credentialID }, options);
  // Not before: the account may say that the passkey was removed, and says how it is called. Where it is not kept, the
  // next start takes one tap more.
  const ownLabel = knownHere ?? labelOf(session, account.genesis.kernelMapID, credentialID) ?? label;
  await unlessDeviceFails(device.keep(withLabel(records, ownLabel)), logger);
  return session;
}

/** As the passkey was named where it was made; undefined where that is not here yet. */
function labelOf({ node }: Session, kernelMapID: RawCoID, credentialID: string): string | undefined {
  const kernelMap = node.expectCoValueLoaded(kernelMapID).getCurrentContent() as RawCoMap;
  return readPasskeys(kernelMap).find((passkey) => passkey.credentialID === credentialID)?.label;
}
