import type { RawCoID, RawCoMap } from 'cojson';
import { silentLogger } from '../base/logger.ts';
import { readPasskeys } from './account/kernel-map.ts';
import type { SecurePlatform } from './account/secure-platform.ts';
import { createSessionCrypto } from '../engine/session-crypto.ts';
import { requireChosen } from './device/chosen-account.ts';
import { unlessDeviceFails } from './device/prepare-device.ts';
import { deviceAccounts } from './device/device-accounts.ts';
import { createDeviceRecords, withLabel } from './device/create-device-records.ts';
import { findAccount } from './keyring/find-account.ts';
import { deriveKeyringKeys } from './keyring/keyring-keys.ts';
import { openSession } from './opening/open-session.ts';
import type { UsedPasskey } from './passkeys/ceremonies.ts';
import { signUpUnfinished, throwIfAborted } from './passkeys/ceremony-errors.ts';
import { passkeyNames } from './passkeys/passkey-names.ts';
import type { Session } from './session.ts';
import type { SignInOptions } from './session-options.ts';

export async function openWithPasskey(
  platform: SecurePlatform,
  used: UsedPasskey,
  options: SignInOptions & { readonly rpID: string },
): Promise<Session> {
  const { signal, sync = {}, logger = silentLogger, remember = 'device', rpID } = options;
  const device = deviceAccounts(platform);
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
  // A label that equals the ID replaces an unreadable one.
  const knownHere = known.find((entry) => entry.accountID === accountID && entry.label !== accountID)?.label;
  const { label } = passkeyNames(platform, options);
  // Create the records before the session takes ownership of the seed.
  const records = await createDeviceRecords(platform, account, { credentialID, rpID, label }, remember);
  const session = await openSession(platform, { ...account, openedBy: credentialID }, options);
  // Store them last: only the account has the passkey's name and removal. If that fails, the next start needs a tap.
  const ownLabel = knownHere ?? labelOf(session, account.genesis.kernelMapID, credentialID) ?? label;
  await unlessDeviceFails(device.keep(withLabel(records, ownLabel)), logger);
  return session;
}

/** The passkey's original name; undefined if this device does not have it yet. */
function labelOf({ node }: Session, kernelMapID: RawCoID, credentialID: string): string | undefined {
  const kernelMap = node.expectCoValueLoaded(kernelMapID).getCurrentContent() as RawCoMap;
  return readPasskeys(kernelMap).find((passkey) => passkey.credentialID === credentialID)?.label;
}
