import { isChecked, isPhraseRevealed, livePasskeys, type PasskeyRecord } from '../account/kernel-map.ts';
import { readKeyring } from '../keyring/keyring-content.ts';
import type { ManagedAccount } from './managed-account.ts';
import type { PasskeyInfo, PasskeysState } from './passkeys.ts';

/** `here`: created or used on this device. `isHeard`: the relay has sent its known state of the account. */
export function describePasskeys(
  account: ManagedAccount,
  { here, isHeard }: { readonly here: ReadonlySet<string>; readonly isHeard: boolean },
): PasskeysState {
  const { kernelMap, accountID, confirmations } = account;
  const passkeys = livePasskeys(kernelMap)
    .map((passkey): PasskeyInfo => ({
      id: passkey.credentialID,
      label: passkey.label,
      createdAtMs: passkey.createdAtMs,
      onThisDevice: here.has(passkey.credentialID),
      usableElsewhere: isUsableElsewhere(account, passkey),
    }))
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  const phraseRevealed = isPhraseRevealed(kernelMap);
  return { passkeys, phraseRevealed, reach: reach() };

  function reach(): PasskeysState['reach'] {
    if (passkeys.some(({ usableElsewhere }) => usableElsewhere)) return 'elsewhere';
    // The phrase opens any account that the relay has.
    if (phraseRevealed && confirmations.isConfirmed(accountID)) return 'elsewhere';
    if (phraseRevealed || passkeys.length > 0) return 'this-device';
    // On an empty device, content may simply not have arrived yet.
    return isHeard || kernelMap.keys().length > 0 ? 'nowhere' : 'unknown';
  }
}

function isUsableElsewhere(
  { node, kernelMap, keyringOf, confirmations }: ManagedAccount,
  passkey: PasskeyRecord,
): boolean {
  if (passkey.prfFrom === 'get' && !isChecked(kernelMap, passkey.credentialID)) return false;
  const { groupID, mapID } = keyringOf(passkey);
  return (
    readKeyring(node, mapID).kind === 'entry' &&
    confirmations.isConfirmed(groupID) &&
    confirmations.isConfirmed(mapID)
  );
}
