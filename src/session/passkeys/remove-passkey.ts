import { isPhraseKept, isRemoved, livePasskeys, readPasskeys, recordRemoval } from '../account/kernel-map.ts';
import { removeKeyring } from '../keyring/remove-keyring.ts';
import { lastPasskey, notAPasskey } from './manage-errors.ts';
import type { ManagedAccount } from './managed-account.ts';

/** See `Passkeys.remove`. Writes the removal first, so that the next session on any device completes the rest. */
export function removePasskey(account: ManagedAccount, credentialID: string): void {
  const { node, crypto, kernelMap } = account;
  const passkey = readPasskeys(kernelMap).find((known) => known.credentialID === credentialID);
  if (!passkey) throw notAPasskey();
  const isLast = livePasskeys(kernelMap).every((live) => live.credentialID === credentialID);
  if (isLast && !isRemoved(kernelMap, credentialID) && !isPhraseKept(kernelMap)) throw lastPasskey();
  recordRemoval(kernelMap, passkey);
  removeKeyring(node, crypto, account.keyringOf(passkey));
}
