import { cojsonInternals, type AgentID, type AgentSecret, type CoValueHeader, type RawCoID } from 'cojson';
import { deriveBytes, deriveCipherKey, importBaseKey } from '../account/derive.ts';
import { mapHeader } from '../account/genesis.ts';
import type { SessionCrypto } from '../../engine/session-crypto.ts';
import { prfInfo, uniqueness } from '../account/version-1.ts';

/** Derived from a passkey alone: the agent and the IDs of its keyring entry, and the key that opens the entry. */
export interface KeyringKeys extends Keyring {
  readonly entryKey: CryptoKey;
}

/** The IDs of a passkey's entry, and its agent, which may delete the entry but cannot open it. */
export interface Keyring {
  readonly agentSecret: AgentSecret;
  readonly agentID: AgentID;
  readonly groupID: RawCoID;
  readonly mapID: RawCoID;
}

/** Overwrites `prfOutput`. */
export async function deriveKeyringKeys(
  crypto: SessionCrypto,
  subtle: SubtleCrypto,
  prfOutput: Uint8Array<ArrayBuffer>,
): Promise<KeyringKeys> {
  const baseKey = await importBaseKey(subtle, prfOutput);
  prfOutput.fill(0);
  const agentSeed = await deriveBytes(subtle, baseKey, prfInfo.keyringAgent, 32);
  const entryKey = await deriveCipherKey(subtle, baseKey, prfInfo.keyringEntry);
  return { ...keyringOf(crypto, crypto.agentSecretFromSecretSeed(agentSeed)), entryKey };
}

export function keyringOf(crypto: SessionCrypto, agentSecret: AgentSecret): Keyring {
  const agentID = crypto.getAgentID(agentSecret);
  const groupID = cojsonInternals.idforHeader(keyringGroupHeader(agentID), crypto);
  const mapID = cojsonInternals.idforHeader(mapHeader(groupID, uniqueness.keyringMap), crypto);
  return { agentSecret, agentID, groupID, mapID };
}

/** `keyringOf` with a cache, for passkeys that are looked up repeatedly. */
export function createKeyringFinder(
  crypto: SessionCrypto,
): (passkey: { readonly removalSecret: AgentSecret }) => Keyring {
  const keyringBySecret = new Map<AgentSecret, Keyring>();
  return ({ removalSecret }) => {
    const keyring = keyringBySecret.get(removalSecret) ?? keyringOf(crypto, removalSecret);
    keyringBySecret.set(removalSecret, keyring);
    return keyring;
  };
}

export function keyringGroupHeader(agentID: AgentID): CoValueHeader {
  return {
    type: 'comap',
    ruleset: { type: 'group', initialAdmin: agentID },
    meta: null,
    uniqueness: uniqueness.keyringGroup,
  };
}
