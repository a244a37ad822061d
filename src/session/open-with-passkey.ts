import type { RawCoMap } from 'cojson';
import { isKernelError } from '../base/kernel-error.ts';
import { silentLogger } from '../base/logger.ts';
import { kernelMapIn, readPasskeys, recordBackup } from './account/kernel-map.ts';
import type { SecurePlatform } from './account/secure-platform.ts';
import { createSessionCrypto } from '../engine/session-crypto.ts';
import { requireChosen } from './device/chosen-account.ts';
import { unfinishedHere } from './device/unfinished-here.ts';
import { unlessDeviceFails } from './device/prepare-device.ts';
import { deviceAccounts } from './device/device-accounts.ts';
import { createDeviceRecords, withLabel } from './device/create-device-records.ts';
import { findAccount } from './keyring/find-account.ts';
import { deriveKeyringKeys } from './keyring/keyring-keys.ts';
import { openSession } from './opening/open-session.ts';
import type { UsedPasskey } from './passkeys/ceremonies.ts';
import { signUpUnfinished, throwIfAborted } from './passkeys/ceremony-errors.ts';
import { additionUnfinished } from './passkeys/manage-errors.ts';
import { passkeyNames } from './passkeys/passkey-names.ts';
import { openAsTab } from './sign-out/open-as-tab.ts';
import type { Session } from './session.ts';
import type { SignInOptions } from './session-options.ts';

export async function openWithPasskey(
  platform: SecurePlatform,
  used: UsedPasskey,
  options: SignInOptions & { readonly rpID: string },
): Promise<Session> {
  const { signal, sync = {}, logger = silentLogger, remember = 'device', rpID } = options;
  const device = deviceAccounts(platform);
  const left = await unfinishedHere(device?.unfinished, logger).get(used.credentialID);
  if (left && left.addTo === undefined) throw signUpUnfinished(left);
  const crypto = await createSessionCrypto();
  const keyring = await deriveKeyringKeys(crypto, platform.subtle, used.prfOutput);
  const finding = findAccount({ crypto, keyring, sync, platform, signal, logger });
  const account = await finding.catch((error: unknown) => {
    throw left && isKernelError(error, 'ACCOUNT_NOT_FOUND') ? additionUnfinished(left, error) : error;
  });
  const { credentialID, backup } = used;
  const { accountID, kernelMapID } = account.genesis;
  requireChosen(accountID, options.accountID);
  throwIfAborted(signal);
  return openAsTab(platform, accountID, options, async (tabs) => {
    const open = async () => {
      const session = await openSession(platform, { ...account, openedBy: credentialID }, options, tabs);
      tabs?.throwIfSignedOut();
      // Opening has waited for the account's content; if a relay is slower, the next use records the flags.
      if (backup) recordBackup(kernelMapIn(session.node, kernelMapID), credentialID, backup);
      return session;
    };
    if (!device || remember === 'never') return open();
    const known = (await unlessDeviceFails(device.accounts(), logger)) ?? [];
    // A label that equals the ID replaces an unreadable one.
    const knownHere = known.find(
      (entry) => entry.accountID === accountID && entry.label !== accountID,
    )?.label;
    const { label } = passkeyNames(platform, options);
    // Create the records before the session takes ownership of the seed.
    const records = await createDeviceRecords(platform, account, { credentialID, rpID, label }, remember);
    const session = await open();
    // Store them last: only the account has the passkey's name and removal. If that fails, the next start needs a tap.
    const ownLabel = knownHere ?? labelOf(kernelMapIn(session.node, kernelMapID), credentialID) ?? label;
    await unlessDeviceFails(device.keep(withLabel(records, ownLabel)), logger);
    return session;
  });
}

/** The passkey's original name; undefined if this device does not have it yet. */
function labelOf(kernelMap: RawCoMap, credentialID: string): string | undefined {
  return readPasskeys(kernelMap).find((passkey) => passkey.credentialID === credentialID)?.label;
}
