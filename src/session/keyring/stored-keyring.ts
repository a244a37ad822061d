import type { LocalNode, RawCoID } from 'cojson';
import type { Keyring } from './keyring-keys.ts';
import { getAvailableCoValue, loadFromStorage } from '../../engine/covalue-lookup.ts';

/** Resolves when the node has loaded what this device stores of a keyring, without asking a relay. */
export async function loadStoredKeyring(node: LocalNode, { groupID, mapID }: Keyring): Promise<void> {
  await Promise.all([loadStored(node, groupID), loadStored(node, mapID)]);
}

async function loadStored(node: LocalNode, id: RawCoID): Promise<void> {
  if (!getAvailableCoValue(node, id)) await loadFromStorage(node, id);
}
