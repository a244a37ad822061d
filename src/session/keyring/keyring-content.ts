import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { mapHeader, type Content } from '../account/genesis.ts';
import { keyringGroupHeader, type Keyring } from './keyring-keys.ts';
import type { Sealed } from '../account/sealed.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import { genesisTimeMs, uniqueness } from '../account/version-1.ts';
import { getAvailableCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** The key of the sealed seed in the map. */
const entryKey = 'entry';

/** Owners first. The agent is admin from `genesisTimeMs`, so that a fast clock cannot block the passkey's removal. */
export function createKeyringContent(
  crypto: SessionCrypto,
  keyring: Keyring,
  entry: Sealed,
): readonly Content[] {
  const node = createKeyringNode(crypto, keyring);
  createKeyringGroup(node, keyring);
  const map = node.createCoValue(mapHeader(keyring.groupID, uniqueness.keyringMap));
  map.makeTransaction([{ op: 'set', key: entryKey, value: entry }], 'trusting', undefined, genesisTimeMs);
  return keyringContentIn(node, keyring);
}

export function createKeyringGroup(node: LocalNode, { agentID }: Keyring): void {
  const group = node.createCoValue(keyringGroupHeader(agentID));
  const admin = { op: 'set', key: agentID, value: 'admin' };
  group.makeTransaction([admin], 'trusting', undefined, genesisTimeMs);
}

/** Creates a node that acts for the passkey, not the account. It stores nothing and does not reveal the account. */
export function createKeyringNode(crypto: SessionCrypto, keyring: Keyring): LocalNode {
  return new LocalNode(keyring.agentSecret, crypto.newRandomSessionID(keyring.agentID), crypto);
}

/** Returns the keyring's content in the node, owners first; empty if it has none. */
export function keyringContentIn(node: LocalNode, keyring: Keyring): readonly Content[] {
  return [keyring.groupID, keyring.mapID].flatMap(
    (id) => getOrCreateCoValue(node, id).newContentSince() ?? [],
  );
}

/** `missing`: the node does not have the entry. `removed`: the passkey was removed from its account. */
export type KeyringReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'entry'; readonly sealed: unknown };

export function readKeyring(node: LocalNode, mapID: RawCoID): KeyringReading {
  const core = getAvailableCoValue(node, mapID);
  if (!core) return { kind: 'missing' };
  if (core.isDeleted) return { kind: 'removed' };
  const sealed: unknown = (core.getCurrentContent() as RawCoMap).get(entryKey);
  return sealed === undefined ? { kind: 'missing' } : { kind: 'entry', sealed };
}
