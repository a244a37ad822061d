import { base58 } from '@scure/base';
import {
  LocalNode,
  type AgentID,
  type AgentSecret,
  type InviteSecret,
  type JsonValue,
  type RawCoMap,
  type RawGroup,
} from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createSessionNode } from '../../src/engine/create-node.ts';
import { createSessionCrypto } from '../../src/engine/session-crypto.ts';

/** The nodes of one attack. They exchange content only by `give`. */
export interface Nodes {
  /** A victim's. Several with one secret are devices of one person. */
  honest(secret?: AgentSecret): Promise<LocalNode>;
}

export const crypto = await WasmCrypto.create();
export const newSecret = (): AgentSecret => crypto.newRandomAgentSecret();

/** Attackers run what they like: cojson without the kernel's layers. */
export function attacker(secret = newSecret()): LocalNode {
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

export const stockNodes: Nodes = { honest: (secret) => Promise.resolve(attacker(secret)) };

export const kernelNodes: Nodes = {
  async honest(agentSecret = newSecret()) {
    const own = await createSessionCrypto();
    const sessionID = own.newRandomSessionID(own.getAgentID(agentSecret));
    return createSessionNode({ crypto: own, agentSecret, sessionID, genesisTimeMs: 0 });
  },
};

export const idOf = (node: LocalNode): AgentID => node.getCurrentAgent().id as unknown as AgentID;
/** cojson accepts agents, but its types demand accounts. */
export const memberOf = (node: LocalNode) => idOf(node) as unknown as Parameters<RawGroup['addMember']>[0];

/** Whoever has the link. */
export function holderOf(invite: InviteSecret): LocalNode {
  return attacker(crypto.agentSecretFromSecretSeed(base58.decode(invite.slice('inviteSecret_z'.length))));
}

/** Hands over what the other lacks of these, in this order. */
export function give(to: LocalNode, from: LocalNode, ...values: readonly { readonly id: string }[]): void {
  for (const { id } of values as readonly RawGroup[]) {
    const known = to.getCoValue(id).knownState();
    for (const content of from.getCoValue(id).newContentSince(known) ?? [])
      to.syncManager.handleNewContent(structuredClone(content), 'import');
  }
}

export function viewOf<T extends RawCoMap>(node: LocalNode, { id }: T): T {
  return node.expectCoValueLoaded(id).getCurrentContent() as T;
}

/** Signs one change of a group, whatever cojson's own methods would refuse. */
export function sign(
  node: LocalNode,
  { id }: { readonly id: string },
  [key, value]: readonly [key: string, value: JsonValue],
  { atMs, meta }: { readonly atMs?: number; readonly meta?: Record<string, JsonValue> } = {},
): void {
  node.getCoValue(id as RawGroup['id']).makeTransaction([{ op: 'set', key, value }], 'trusting', meta, atMs);
}

/** A virtual machine's clock may be set back by some milliseconds. */
const clockStepMs = 20;

/** Dates of later edits are greater. */
export async function nextMoment(): Promise<number> {
  const beforeMs = Date.now();
  while (Date.now() <= beforeMs + clockStepMs) await new Promise((resolve) => setTimeout(resolve, 1));
  return beforeMs;
}
