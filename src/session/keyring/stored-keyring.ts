import type { LocalNode, RawCoID } from 'cojson';
import type { Keyring } from './keyring-keys.ts';

/** Resolves when the node has what this device has of a keyring; without asking a relay. */
export async function loadStoredKeyring(node: LocalNode, { groupID, mapID }: Keyring): Promise<void> {
  await Promise.all([loadStored(node, groupID), loadStored(node, mapID)]);
}

async function loadStored(node: LocalNode, id: RawCoID): Promise<void> {
  const core = node.getCoValue(id);
  if (!core.isAvailable()) await new Promise((resolve) => core.loadFromStorage(resolve));
}
