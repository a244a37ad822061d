import { isRemoved, livePasskeys, recordBackup, recordChecked } from '../account/kernel-map.ts';
import { requireSecure } from '../account/secure-platform.ts';
import { createKeyringContent, keyringContentIn, readKeyring } from '../keyring/keyring-content.ts';
import { openEntry, sealEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys, type KeyringKeys } from '../keyring/keyring-keys.ts';
import { loadStoredKeyring } from '../keyring/stored-keyring.ts';
import { getPasskey } from './ceremonies.ts';
import { keepPasskey } from './keep-passkey.ts';
import { anotherValue, notAPasskey } from './manage-errors.ts';
import type { ManagedAccount } from './managed-account.ts';
import { relyingPartyID } from './passkey-names.ts';
import { requirePasskeys } from './passkey-support.ts';

export async function checkPasskey(account: ManagedAccount, credentialID: string): Promise<void> {
  const { platform, node, crypto, kernelMap, seed, options } = account;
  const passkey = livePasskeys(kernelMap).find((live) => live.credentialID === credentialID);
  if (!passkey) throw notAPasskey();
  await seed.withSeed(() => requirePasskeys(platform));
  const rpID = relyingPartyID(platform, options);
  const { prfOutput, backup } = await getPasskey(platform, {
    rpID,
    signal: undefined,
    allowCredentialIDs: [credentialID],
  });
  const keyring = await deriveKeyringKeys(crypto, requireSecure(platform).subtle, prfOutput);
  if (keyring.mapID !== account.keyringOf(passkey).mapID) throw anotherValue();
  await openOrRestore(account, keyring);
  // Another device may have removed it while the prompt was open.
  if (isRemoved(kernelMap, credentialID)) throw notAPasskey();
  recordChecked(kernelMap, credentialID);
  if (backup) recordBackup(kernelMap, credentialID, backup);
  const content = keyringContentIn(node, keyring);
  await keepPasskey(account, { credentialID, rpID, mapID: keyring.mapID, content });
}

/** Opens the passkey's entry, or recreates it with the keys just derived if neither this device nor a relay supplied it. */
async function openOrRestore(account: ManagedAccount, keyring: KeyringKeys): Promise<void> {
  const { platform, node, crypto, accountID, seed } = account;
  const secure = requireSecure(platform);
  await loadStoredKeyring(node, keyring);
  const reading = readKeyring(node, keyring.mapID);
  if (reading.kind === 'removed') throw notAPasskey();
  if (reading.kind === 'missing') {
    const entry = await seed.withSeed((seed) => sealEntry(secure, keyring, { seed, accountID }));
    for (const content of createKeyringContent(crypto, keyring, entry)) {
      node.syncManager.handleNewContent(content, 'import');
    }
    return;
  }
  const opened = await openEntry(crypto, secure, keyring, reading.sealed);
  const isOurs = await seed.withSeed((seed) => Promise.resolve(seed.every((byte, i) => byte === opened[i])));
  opened.fill(0);
  if (!isOurs) throw anotherValue();
}
