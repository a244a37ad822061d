import type { LocalNode } from 'cojson';
import { mapHeader } from '../account/genesis.ts';
import type { SessionCrypto } from '../account/session-crypto.ts';
import { uniqueness } from '../account/version-1.ts';
import { createKeyringGroup, createKeyringNode, keyringContentIn } from './keyring-content.ts';
import type { Keyring } from './keyring-keys.ts';

/**
 * Deletes a passkey's entry in this node, which passes the deletion on like any edit. Where this device has no entry, the
 * deletion is made all the same: wherever the entry turns up, it meets it. Does nothing where it is deleted already.
 */
export function removeKeyring(node: LocalNode, crypto: SessionCrypto, keyring: Keyring): void {
  const { groupID, mapID } = keyring;
  if (node.getCoValue(mapID).isDeleted) return;
  // Only the keyring's own agent may delete, and the account is not it.
  const remover = createKeyringNode(crypto, keyring);
  for (const content of keyringContentIn(node, keyring))
    remover.syncManager.handleNewContent(content, 'import');
  if (!remover.getCoValue(groupID).isAvailable()) createKeyringGroup(remover, keyring);
  if (!remover.getCoValue(mapID).isAvailable()) {
    remover.createCoValue(mapHeader(groupID, uniqueness.keyringMap));
  }
  remover.expectCoValueLoaded(mapID).deleteCoValue();
  for (const content of keyringContentIn(remover, keyring))
    node.syncManager.handleNewContent(content, 'import');
}
