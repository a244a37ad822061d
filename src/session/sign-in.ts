import type { RawCoID, RawCoMap } from 'cojson';
import { silentLogger, type Logger } from '../platform/logger.ts';
import type { Platform } from '../platform/platform.ts';
import { getPasskey } from './passkeys/ceremonies.ts';
import { signUpUnfinished, throwIfAborted } from './passkeys/ceremony-errors.ts';
import { accountUnknownHere, requireChosen } from './device/chosen-account.ts';
import { keptOnDevice, unlessDeviceFails } from './device/device-to-keep-on.ts';
import type { KeptOnDevice } from './device/kept-on-device.ts';
import { findAccount } from './keyring/find-account.ts';
import { deriveKeyringKeys } from './keyring/keyring-keys.ts';
import { openSession } from './open-session.ts';
import { passkeyNames, relyingPartyID } from './passkeys/passkey-names.ts';
import { requireAutofill, requireSignIn } from './passkeys/passkey-support.ts';
import { recordsToKeep, withLabel } from './device/records-to-keep.ts';
import { readPasskeys } from './account/kernel-map.ts';
import { requireSecure } from './account/secure-platform.ts';
import { createSessionCrypto } from './account/session-crypto.ts';
import type { Session, SignInOptions } from './session.ts';

/** See `signInWithPasskey`. */
export async function signIn(anyPlatform: Platform, options: SignInOptions): Promise<Session> {
  const { signal, sync = {}, logger = silentLogger, remember = 'device', autofill = false } = options;
  throwIfAborted(signal);
  await requireSignIn(anyPlatform);
  if (autofill) await requireAutofill(anyPlatform);
  const platform = requireSecure(anyPlatform);
  const rpID = relyingPartyID(platform, options);
  const crypto = await createSessionCrypto();
  const device = keptOnDevice(platform);
  const allowCredentialIDs = await passkeysOf(device, rpID, options.accountID, logger);

  const used = await getPasskey(platform, { rpID, allowCredentialIDs, autofill, signal });
  const left = device && (await unlessDeviceFails(device.unfinished.get(used.credentialID), logger));
  if (left) throw signUpUnfinished(left);
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

/** Of the account that the app asked for; none means that the person may choose any. */
async function passkeysOf(
  device: KeptOnDevice | undefined,
  rpID: string,
  accountID: string | undefined,
  logger: Logger,
): Promise<readonly string[]> {
  if (accountID === undefined) return [];
  if (!device) throw accountUnknownHere(accountID);
  const ids = await unlessDeviceFails(device.credentialIDs(rpID, accountID), logger);
  // What cannot be read is asked for all the same: which account it was is compared afterwards.
  if (ids?.length === 0 && !(await device.knows(accountID))) throw accountUnknownHere(accountID);
  return ids ?? [];
}
