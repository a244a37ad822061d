import type { LocalNode } from 'cojson';
import { mapHeader } from '../account/genesis.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import { uniqueness } from '../account/version-1.ts';
import { createKeyringGroup, createKeyringNode, keyringContentIn } from './keyring-content.ts';
import type { Keyring } from './keyring-keys.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** Writes the deletion even without the entry, so that it takes effect wherever the entry appears. Idempotent. */
export function removeKeyring(node: LocalNode, crypto: SessionCrypto, keyring: Keyring): void {
  const { groupID, mapID } = keyring;
  if (getOrCreateCoValue(node, mapID).isDeleted) return;
  // Only the keyring's agent may delete the entry; the account's agent is a different one.
  const remover = createKeyringNode(crypto, keyring);
  for (const content of keyringContentIn(node, keyring))
    remover.syncManager.handleNewContent(content, 'import');
  if (!getAvailableCoValue(remover, groupID)) createKeyringGroup(remover, keyring);
  if (!getAvailableCoValue(remover, mapID)) {
    remover.createCoValue(mapHeader(groupID, uniqueness.keyringMap));
  }
  remover.expectCoValueLoaded(mapID).deleteCoValue();
  for (const content of keyringContentIn(remover, keyring))
    node.syncManager.handleNewContent(content, 'import');
}
