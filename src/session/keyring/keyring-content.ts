import { LocalNode, type RawCoID, type RawCoMap } from 'cojson';
import { mapHeader, type Content } from '../account/genesis.ts';
import { keyringGroupHeader, type Keyring } from './keyring-keys.ts';
import type { Sealed } from '../account/sealed.ts';
import type { SessionCrypto } from '../account/session-crypto.ts';
import { beginningOfTimeMs, uniqueness } from '../account/version-1.ts';

/** The key in the map under which the sealed seed stands. */
const entryKey = 'entry';

/**
 * The CoValues that hold a passkey's entry, owners first. The agent is their admin from the beginning of time on: a
 * creator's clock that is years ahead must not keep other devices from removing the passkey.
 */
export function createKeyringContent(
  crypto: SessionCrypto,
  keyring: Keyring,
  entry: Sealed,
): readonly Content[] {
  const node = createKeyringNode(crypto, keyring);
  createKeyringGroup(node, keyring);
  const map = node.createCoValue(mapHeader(keyring.groupID, uniqueness.keyringMap));
  map.makeTransaction([{ op: 'set', key: entryKey, value: entry }], 'trusting', undefined, beginningOfTimeMs);
  return keyringContentIn(node, keyring);
}

export function createKeyringGroup(node: LocalNode, { agentID }: Keyring): void {
  const group = node.createCoValue(keyringGroupHeader(agentID));
  const admin = { op: 'set', key: agentID, value: 'admin' };
  group.makeTransaction([admin], 'trusting', undefined, beginningOfTimeMs);
}

/** A node that acts for the passkey, not for the account. It keeps nothing, and nobody sees who the account is. */
export function createKeyringNode(crypto: SessionCrypto, keyring: Keyring): LocalNode {
  return new LocalNode(keyring.agentSecret, crypto.newRandomSessionID(keyring.agentID), crypto);
}

/** What this node has of the keyring, owners first; empty where it has nothing. */
export function keyringContentIn(node: LocalNode, keyring: Keyring): readonly Content[] {
  return [keyring.groupID, keyring.mapID].flatMap((id) => node.getCoValue(id).newContentSince() ?? []);
}

/** `missing`: the node does not have it. `removed`: the passkey was removed from its account. */
export type KeyringReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'entry'; readonly sealed: unknown };

export function readKeyring(node: LocalNode, mapID: RawCoID): KeyringReading {
  const core = node.getCoValue(mapID);
  if (!core.isAvailable()) return { kind: 'missing' };
  if (core.isDeleted) return { kind: 'removed' };
  const sealed: unknown = (core.getCurrentContent() as RawCoMap).get(entryKey);
  return sealed === undefined ? { kind: 'missing' } : { kind: 'entry', sealed };
}
