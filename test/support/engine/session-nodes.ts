import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { onTestFinished } from 'vitest';
import { openNode } from './open-node.ts';

/** A session's node, until the end of the test. The account follows from `seedByte`. */
export async function openSessionNode(seedByte: number): Promise<LocalNode> {
  const node = await openNode(new Uint8Array(32).fill(seedByte));
  onTestFinished(async () => void (await node.gracefulShutdown()));
  return node;
}

/** Gives a node what it lacks of everything that another one has. */
export function copyContent(from: LocalNode, to: LocalNode): void {
  for (const { id } of [...from.allCoValues()]) {
    const known = to.getCoValue(id).knownState();
    for (const content of from.getCoValue(id).newContentSince(known) ?? [])
      to.syncManager.handleNewContent(content, 'import');
  }
}

/** A node's own view of a CoValue that another node has. */
export function contentIn<T extends RawCoMap>(node: LocalNode, { id }: T): T {
  const content = node.getLoaded(id);
  if (!content) throw new Error(`${id} is not here.`);
  return content;
}

/** Two nodes with a group and a map of the first one's. They exchange content only by `exchange`. */
export interface TwoNodes {
  readonly owner: LocalNode;
  readonly other: LocalNode;
  readonly group: RawGroup;
  readonly map: RawCoMap;
  exchange(): void;
}

export async function openTwoNodes(): Promise<TwoNodes> {
  const [owner, other] = [await openSessionNode(1), await openSessionNode(2)];
  const group = owner.createGroup();
  const map = group.createMap({ title: 'first' });
  const exchange = () => {
    copyContent(owner, other);
    copyContent(other, owner);
  };
  exchange();
  return { owner, other, group, map, exchange };
}
