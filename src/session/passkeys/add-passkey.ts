import { requireSecure } from '../account/secure-platform.ts';
import { isRemoved, livePasskeys, readPasskeys, recordPasskey } from '../account/kernel-map.ts';
import { createKeyringContent, keyringContentIn } from '../keyring/keyring-content.ts';
import { sealEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys } from '../keyring/keyring-keys.ts';
import { loadStoredKeyring } from '../keyring/stored-keyring.ts';
import { keepPasskey, type KeptPasskey } from './keep-passkey.ts';
import { alreadyAdded, passkeyNotAdded } from './manage-errors.ts';
import type { ManagedAccount } from './managed-account.ts';
import { dropPasskey, newPasskey, type NewPasskey } from './new-passkey.ts';
import { passkeyNames, relyingPartyID } from './passkey-names.ts';
import { requirePasskeys } from './passkey-support.ts';

/**
 * See `Passkeys.add`. Checks everything that can fail without the passkey before creating it. Pass the result to
 * `keepPasskey` only once the account is stored: until then, this device's note lets the next `add` continue.
 */
export async function addPasskey(
  account: ManagedAccount,
  { label: name = '', signal }: { readonly label?: string; readonly signal?: AbortSignal },
): Promise<KeptPasskey> {
  const { platform, accountID, kernelMap, seed, options, unfinished } = account;
  await seed.withSeed(() => requirePasskeys(platform));
  const rpID = relyingPartyID(platform, options);
  const ceremony = { platform, rpID, signal, unfinished };
  const made = await newPasskey({
    ...ceremony,
    ...passkeyNames(platform, { ...options, name }),
    excludeCredentialIDs: livePasskeys(kernelMap).map(({ credentialID }) => credentialID),
    left: (await unfinishedAdditions(account)).find((left) => left.rpID === rpID),
    addTo: accountID,
    errors: { unused: passkeyNotAdded, alreadyHere: (_, error) => alreadyAdded(error) },
  });
  try {
    return { ...(await admit(account, made)), rpID };
  } catch (error) {
    throw passkeyNotAdded(made, error, await dropPasskey(ceremony, made, accountID));
  }
}

/** Passkeys that were created for the account, but of which it has no record. */
export async function unfinishedAdditions({ accountID, kernelMap, unfinished }: ManagedAccount) {
  const lefts = await unfinished.list(accountID);
  const recorded = new Set(readPasskeys(kernelMap).map(({ credentialID }) => credentialID));
  return lefts.filter(({ credentialID }) => !recorded.has(credentialID));
}

/** Completes what a tab left that closed after it had recorded a passkey in the account, and warns of what only `add` can. */
export async function finishAdditions(account: ManagedAccount): Promise<void> {
  const { node, accountID, kernelMap, keyringOf, unfinished, logger } = account;
  for (const { credentialID, rpID, label } of await unfinished.list(accountID)) {
    const passkey = readPasskeys(kernelMap).find((known) => known.credentialID === credentialID);
    if (!passkey) {
      logger.warn(
        `The passkey “${label}” was created for this account, but not added, so it opens nothing yet. Add a passkey again to continue with this one.`,
      );
    } else if (isRemoved(kernelMap, credentialID)) {
      await unfinished.forget(credentialID);
    } else {
      const keyring = keyringOf(passkey);
      await loadStoredKeyring(node, keyring);
      const { mapID } = keyring;
      await keepPasskey(account, { credentialID, rpID, mapID, content: keyringContentIn(node, keyring) });
    }
  }
}

/** Records a new passkey in the account and creates its entry, or does neither. */
async function admit(account: ManagedAccount, made: NewPasskey): Promise<Omit<KeptPasskey, 'rpID'>> {
  const { platform, node, crypto, accountID, kernelMap, seed } = account;
  const { credentialID, label, prfOutput, prfFrom, createdAtMs, facts } = made;
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
    createdAtMs,
    removalSecret: keyring.agentSecret,
    prfFrom,
    ...(facts && { facts }),
  });
  for (const piece of content) node.syncManager.handleNewContent(piece, 'import');
  return { credentialID, mapID: keyring.mapID, content };
}
