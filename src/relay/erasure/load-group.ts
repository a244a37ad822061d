import { RawGroup, type LocalNode } from 'cojson';
import { contentBytes } from '../../engine/content.ts';
import { dependedOn } from '../../engine/covalue-access.ts';
import { getKnownCoValue, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { createThrowAwayNode } from '../../engine/create-node.ts';
import { awaitNoMore, namedIn } from '../../engine/release-pacing.ts';
import type { ContentLoader } from '../storage/content-loader.ts';

/** Of what one group needs to be read. Beyond it, the group counts as shared. */
const maxLoadedBytes = 30_000_000;
// Measured; see `trackLoaded`.
const bytesPerCoValue = 14_000;
const bytesPerStoredByte = 3.2;

/**
 * Reads a group with all that its rules need, in a node of its own, so that nothing of it stays in the relay's memory. Resolves
 * with undefined if it cannot be read, or takes too much memory. `pause` lets others work.
 */
export async function loadGroup(
  groupID: string,
  { node: relayNode, reader, pause }: LoadOptions,
): Promise<RawGroup | undefined> {
  const node = createThrowAwayNode(relayNode);
  const entered = new Set<string>();
  let bytes = 0;

  /** Dependencies first. A stack instead of calls, because anyone can make a long chain. */
  async function order(): Promise<readonly string[] | undefined> {
    const ordered: string[] = [];
    const stack = [{ id: groupID, dependencies: await dependenciesOf(groupID) }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.dependencies.pop();
      if (next === undefined) ordered.push(stack.pop()?.id ?? '');
      else if (!entered.has(next)) stack.push({ id: next, dependencies: await dependenciesOf(next) });
      if (entered.size * bytesPerCoValue > maxLoadedBytes) return undefined;
    }
    return ordered;
  }

  async function dependenciesOf(id: string): Promise<string[]> {
    entered.add(id);
    const stored = await reader.read(id);
    const found = new Set<string>();
    if (!stored) return [];
    for await (const piece of stored.pieces) {
      for (const one of dependedOn(stored.header, piece)) found.add(one);
      await pause();
    }
    return [...found];
  }

  async function put(id: string): Promise<boolean> {
    const stored = await reader.read(id);
    bytes += bytesPerCoValue;
    for await (const piece of stored?.pieces ?? []) {
      bytes += bytesPerStoredByte * contentBytes(piece);
      if (bytes > maxLoadedBytes) return false;
      awaitNoMore(getOrCreateCoValue(node, piece.id), namedIn(node, piece));
      node.syncManager.handleNewContent(piece, 'storage');
      await pause();
    }
    return true;
  }

  for (const id of (await order()) ?? []) if (!(await put(id))) return undefined;
  const core = getKnownCoValue(node, groupID);
  const content = core?.isAvailable() ? core.getCurrentContent() : undefined;
  return content instanceof RawGroup ? content : undefined;
}

export interface LoadOptions {
  /** Whose crypto is used. */
  readonly node: LocalNode;
  readonly reader: Pick<ContentLoader, 'read'>;
  pause(): Promise<void>;
}
