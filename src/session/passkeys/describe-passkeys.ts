import type { RawCoMap } from 'cojson';
import {
  backupOf,
  isChecked,
  isPhraseKept,
  isPhraseRevealed,
  livePasskeys,
  readPasskeys,
  type PasskeyRecord,
} from '../account/kernel-map.ts';
import { isOnSecurityKey } from '../account/passkey-facts.ts';
import type { UnfinishedPasskey } from '../device/unfinished-passkeys.ts';
import { readKeyring } from '../keyring/keyring-content.ts';
import type { ManagedAccount } from './managed-account.ts';
import type { PasskeyInfo, PasskeysState } from './passkeys.ts';

/** `here`: created or used on this device. `isHeard`: the relay has sent its known state of the account. */
export function describePasskeys(
  account: ManagedAccount,
  {
    here,
    isHeard,
    unfinished,
  }: {
    readonly here: ReadonlySet<string>;
    readonly isHeard: boolean;
    readonly unfinished: readonly UnfinishedPasskey[];
  },
): PasskeysState {
  const { kernelMap, accountID, confirmations } = account;
  const passkeys = livePasskeys(kernelMap)
    .map((passkey): PasskeyInfo => ({
      id: passkey.credentialID,
      label: passkey.label,
      createdAtMs: passkey.createdAtMs,
      onThisDevice: here.has(passkey.credentialID),
      portable: portability(kernelMap, passkey),
      usableElsewhere: isUsableElsewhere(account, passkey),
    }))
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  const phraseRevealed = isPhraseRevealed(kernelMap);
  const phraseKept = isPhraseKept(kernelMap);
  const recorded = readPasskeys(kernelMap).map(({ credentialID }) => credentialID);
  return {
    passkeys,
    phraseRevealed,
    phraseKept,
    unfinished: unfinished
      .filter(({ credentialID }) => !recorded.includes(credentialID))
      .map(({ credentialID: id, label }) => ({ id, label })),
    reach: reach(),
  };

  function reach(): PasskeysState['reach'] {
    if (passkeys.some(({ usableElsewhere }) => usableElsewhere)) return 'elsewhere';
    // The phrase opens any account that the relay has, but only for a user who has it.
    if (phraseKept && confirmations.isConfirmed(accountID)) return 'elsewhere';
    if (phraseRevealed || passkeys.length > 0) return 'this-device';
    // On an empty device, content may simply not have arrived yet.
    return isHeard || kernelMap.keys().length > 0 ? 'nowhere' : 'unknown';
  }
}

function isUsableElsewhere(
  { node, kernelMap, keyringOf, confirmations }: ManagedAccount,
  passkey: PasskeyRecord,
): boolean {
  if (portability(kernelMap, passkey) !== 'yes') return false;
  if (passkey.prfFrom === 'get' && !isChecked(kernelMap, passkey.credentialID)) return false;
  const { groupID, mapID } = keyringOf(passkey);
  return (
    readKeyring(node, mapID).kind === 'entry' &&
    confirmations.isConfirmed(groupID) &&
    confirmations.isConfirmed(mapID)
  );
}

function portability(kernelMap: RawCoMap, passkey: PasskeyRecord): PasskeyInfo['portable'] {
  const backup = backupOf(kernelMap, passkey);
  if (backup?.isBackedUp || (passkey.facts && isOnSecurityKey(passkey.facts))) return 'yes';
  return backup ? 'no' : 'unknown';
}
