import type { JsonValue, LocalNode, RawCoMap, RawGroup } from 'cojson';
import { crypto, idOf, type Nodes } from './nodes.ts';

/** An attack on a group's roles and keys. */
export interface Attack {
  /** With the ID of the rule that stops it. */
  readonly by: string;
  readonly does: string;
  /** Resolves with what it came to. */
  run(nodes: Nodes): Promise<unknown>;
  readonly onStock: unknown;
  readonly onKernel: unknown;
}

/** The values that a node decrypts of another session with a key that it made. */
export function readWith(
  secret: ReturnType<typeof crypto.newRandomKeySecret>['secret'],
  node: LocalNode,
  { currentSessionID }: LocalNode,
  { id }: RawCoMap,
): unknown {
  const { verified } = node.getCoValue(id);
  const count = verified?.getTransactionsCount(currentSessionID) ?? 0;
  const read = Array.from({ length: count }, (_, index) => {
    try {
      return verified?.decryptTransaction(currentSessionID, index, secret) ?? [];
    } catch {
      return [];
    }
  });
  return read.flat().flatMap((change) => (change as { value?: JsonValue }).value ?? []);
}

export async function withGroup(nodes: Nodes) {
  const alice = await nodes.honest();
  const group = alice.createGroup();
  return { alice, group, map: group.createMap({ title: 'first' }) };
}

/** What a next transaction of this node may reveal to another. */
export function seal(from: LocalNode, { id }: RawGroup, message: JsonValue, to: LocalNode): JsonValue {
  return crypto.seal({
    message,
    from: from.getCurrentAgent().currentSealerSecret(),
    to: crypto.getAgentSealerID(idOf(to)),
    nOnceMaterial: { in: id, tx: from.getCoValue(id).nextTransactionID() },
  });
}

/** cojson's own way, which checks first whether the members are known. */
export function revealToParent(child: RawGroup, parent: RawGroup): void {
  const [own, above] = [child.getCurrentReadKey(), parent.getCurrentReadKey()];
  if (!own.secret || !above.secret) throw new Error('A key is not here.');
  const keys = {
    encrypting: { id: above.id, secret: above.secret },
    toEncrypt: { id: own.id, secret: own.secret },
  };
  child.set(`${own.id}_for_${above.id}`, crypto.encryptKeySecret(keys).encrypted, 'trusting');
}

export const roleIn = (group: RawGroup, node: LocalNode) => group.roleOfInternal(idOf(node)) ?? 'none';

export function attempt(run: () => unknown): unknown {
  try {
    return run() ?? 'done';
  } catch (error) {
    return `throws ${error instanceof Error ? error.message.slice(0, 40) : String(error)}`;
  }
}
