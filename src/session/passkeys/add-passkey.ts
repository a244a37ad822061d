import { requireSecure } from '../account/secure-platform.ts';
import { livePasskeys, recordPasskey } from '../account/kernel-map.ts';
import { createKeyringContent } from '../keyring/keyring-content.ts';
import { sealEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys } from '../keyring/keyring-keys.ts';
import { createPasskey, type UsedPasskey } from './ceremonies.ts';
import { keepPasskey } from './keep-passkey.ts';
import { addError, passkeyNotAdded } from './manage-errors.ts';
import type { ManagedAccount } from './managed-account.ts';
import { passkeyNames, relyingPartyID } from './passkey-names.ts';
import { requirePasskeys } from './passkey-support.ts';

/** See `Passkeys.add`. Checks everything that can fail without the passkey before creating it. Returns its credential ID. */
export async function addPasskey(
  account: ManagedAccount,
  { label: name = '', signal }: { readonly label?: string; readonly signal?: AbortSignal },
): Promise<string> {
  const { platform, kernelMap, seed, options } = account;
  await seed.withSeed(() => requirePasskeys(platform));
  const rpID = relyingPartyID(platform, options);
  const { rpName, label } = passkeyNames(platform, { ...options, name });
  const excludeCredentialIDs = livePasskeys(kernelMap).map(({ credentialID }) => credentialID);
  let made: UsedPasskey;
  try {
    made = await createPasskey(platform, { rpID, rpName, label, excludeCredentialIDs, signal });
  } catch (error) {
    throw addError(error);
  }
  const { credentialID } = made;
  try {
    await admit(account, { ...made, label });
  } catch (error) {
    await platform.passkeys.signalUnknown({ rpID, credentialID });
    throw passkeyNotAdded({ credentialID, label }, error);
  }
  return credentialID;
}

/** Records a new passkey in the account and creates its entry, or does neither. */
async function admit(account: ManagedAccount, made: UsedPasskey & { readonly label: string }): Promise<void> {
  const { platform, node, crypto, accountID, kernelMap, seed } = account;
  const { credentialID, label, prfOutput, prfFrom } = made;
  const secure = requireSecure(platform);
  const keyring = await deriveKeyringKeys(crypto, secure.subtle, prfOutput);
  const content = await seed.withSeed(async (seed) => {
    const entry = await sealEntry(secure, keyring, { seed, accountID });
    return createKeyringContent(crypto, keyring, entry);
  });
  // If the session was closed meanwhile, this edit throws before the entry is imported; both run in one turn.
  recordPasskey(kernelMap, {
    credentialID,
    label,
    createdAtMs: platform.clock.nowMs(),
    removalSecret: keyring.agentSecret,
    prfFrom,
  });
  for (const piece of content) node.syncManager.handleNewContent(piece, 'import');
  await keepPasskey(account, credentialID, keyring.mapID, content);
}
