import type { JsonValue, LocalNode, RawCoMap, RawGroup } from 'cojson';
import { attempt } from './attack.ts';
import { give, kernelNodes, newSecret, nextMoment, viewOf } from './nodes.ts';

type Key = NonNullable<ReturnType<RawGroup['getReadKey']>>;

/**
 * Like `sign`, but below cojson's own check of what it made: the rules hold for all nodes of a process, and what they refuse
 * would make the attacker's own node throw.
 */
export function signRaw(
  node: LocalNode,
  { id }: { readonly id: string },
  [key, value]: readonly [string, JsonValue],
  meta?: unknown,
  atMs = Date.now(),
): void {
  const { verified } = node.getCoValue(id as RawGroup['id']);
  const changes = [{ op: 'set', key, value }];
  const agent = node.getCurrentAgent();
  verified?.makeNewTrustingTransaction(node.currentSessionID, agent, changes, meta as undefined, atMs);
}

/** Writes any JSON into a CoValue of a group, encrypted with its key, below cojson's check of what it made. */
export function signPrivately(
  node: LocalNode,
  { id }: { readonly id: string },
  changes: unknown,
  meta?: unknown,
  atMs = Date.now(),
): void {
  const core = node.getCoValue(id as RawGroup['id']);
  const { id: keyID, secret } = core.getCurrentReadKey();
  if (!secret) throw new Error('The key is not here.');
  const [agent, any] = [node.getCurrentAgent(), changes as JsonValue[]];
  const {
    verified,
    node: { currentSessionID },
  } = core;
  verified?.makeNewPrivateTransaction(currentSessionID, agent, any, keyID, secret, meta as undefined, atMs);
}

/** A date between two moments. */
export async function past(): Promise<number> {
  await nextMoment();
  const atMs = await nextMoment();
  await nextMoment();
  return atMs;
}

/** An owner on a kernel with a group and a map in it. */
export async function start() {
  const secret = newSecret();
  const alice = await kernelNodes.honest(secret);
  const group = alice.createGroup();
  return { secret, alice, group, map: group.createMap({ a: 1 }) };
}

/** A kernel that has the one value of the first node, and then the other one of the second. */
export async function newDevice(
  secret: Parameters<typeof kernelNodes.honest>[0],
  ...given: readonly (readonly [from: LocalNode, value: { readonly id: string }])[]
): Promise<LocalNode> {
  const device = await kernelNodes.honest(secret);
  for (const [from, value] of given) give(device, from, value);
  return device;
}

/** What the map has after the node has tried to write it. */
export function writeTo(node: LocalNode, map: RawCoMap): unknown {
  return attempt(() => {
    viewOf(node, map).set('c', 1);
    return viewOf(node, map).get('c');
  });
}

/** The own role in the group, and what the map reads. */
export function open(node: LocalNode, group: RawGroup, map: RawCoMap): unknown {
  return attempt(() => [viewOf(node, group).myRole(), viewOf(node, map).toJSON()]);
}

export function readKeyOf(group: RawGroup): Key {
  const { secret } = group.getCurrentReadKey();
  if (!secret) throw new Error('The key is not here.');
  return secret;
}
