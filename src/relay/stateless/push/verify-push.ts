import { ownerOf, sessionsOf, type Content, type RawCoID } from '../../../engine/content.ts';
import { namedIn, requiredOf } from '../../client/content-dependencies.ts';
import { contentParts } from '../../client/content-parts.ts';
import type { WrittenTogether } from '../../storage/commits/written-together.ts';
import type { Amount } from '../../storage/stored-amount.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { loadNeeded, type NeededContent, type NeededOptions } from './needed-content.ts';
import { openPushNode, type PushNode, type PushNodeOptions } from './push-node.ts';
import { createPushCost } from './push-cost.ts';
import { checkTaken, refuseClosed } from './push-verdict.ts';

export interface VerifyOptions extends PushNodeOptions, Pick<NeededOptions, 'loaded' | 'maxLoadedBytes'> {
  readonly storage: Pick<SqlStorage, 'openReader' | 'readClaim' | 'readCommitted'>;
}

export interface VerifiedPush {
  readonly together: WrittenTogether;
  /** What it takes of the sender's quota. Deletions take nothing. */
  readonly amount: Amount;
}

/**
 * Checks changes by the rules for connected clients, on a throw-away node with the stored content that they need. Returns the
 * content to store. Throws a `StatelessRefusal` if one of them is not to be stored, and rejects if the storage fails.
 */
export async function verifyPush(changes: readonly Content[], options: VerifyOptions): Promise<VerifiedPush> {
  refuseClosed(changes, options.restrictions);
  const push = openPushNode(options);
  const reader = options.storage.openReader(changes.flatMap((change) => Object.keys(change.new)));
  const cost = createPushCost();
  const stored = loadNeeded({ ...options, node: push.node, reader, isStored: cost.isStored });
  await stored.load([...new Set(changes.map(({ id }) => id))]);
  refuseClosed(changes, options.restrictions, stored.has);
  const awaited = await handInOrder(changes, push, stored);
  checkTaken(changes, awaited, push);
  const together = push.result(stored.has);
  return { together, amount: cost.of(together.contents, together.deletions) };
}

/** Hands the changes to the node, each after what it depends on. Returns the CoValues that the rest waits for. */
async function handInOrder(
  changes: readonly Content[],
  { core, isHere, isAwaited, isBarred, countOf, mayName, hand }: PushNode,
  stored: NeededContent,
): Promise<Iterable<RawCoID>> {
  const keyOf = (id: string, sessionID: string) => `${id} ${sessionID}`;
  const pushedParts = new Map<string, number>();
  for (const change of changes)
    for (const [sessionID] of sessionsOf(change)) {
      const key = keyOf(change.id, sessionID);
      pushedParts.set(key, (pushedParts.get(key) ?? 0) + 1);
    }

  /** Whether other changes of the push may fill a gap before this one. */
  function mayFollow(part: Content): boolean {
    if (core(part.id)?.isDeleted) return false;
    return sessionsOf(part).some(
      ([sessionID, { after }]) =>
        after > countOf(part.id, sessionID) && (pushedParts.get(keyOf(part.id, sessionID)) ?? 0) > 1,
    );
  }

  /** Loads them. */
  async function lackingOf(part: Content, named: readonly RawCoID[]): Promise<readonly RawCoID[]> {
    const isMissing = (id: RawCoID) => id !== part.id && !isHere(id);
    await stored.load(named.filter(isMissing), part.id);
    return named.filter(isMissing);
  }

  /** The CoValue that the part waits for: one of the push, or one that the relay does not have. */
  async function blockerOf(part: Content): Promise<RawCoID | undefined> {
    if ((!part.header && !isHere(part.id)) || mayFollow(part)) return part.id;
    const header = core(part.id)?.verified?.header ?? part.header;
    const owner = header && ownerOf(part.id, header);
    const lacking = await lackingOf(part, requiredOf(part, header));
    // A session of a barred author is refused, and needs nothing.
    const required = lacking.find((id) => id === owner || !isBarred(id));
    if (required !== undefined) return required;
    // The right to name others is known only once the authors are here.
    return (await lackingOf(part, namedIn(part, header, mayName))).find(isAwaited);
  }

  const waiting = new Map<RawCoID, Content[]>();
  const due = changes.flatMap((change) => [...contentParts(change)]);
  // Grows: what was handed on can release others.
  for (const part of due) {
    const blocker = await blockerOf(part);
    if (blocker !== undefined) {
      waiting.set(blocker, [...(waiting.get(blocker) ?? []), part]);
      continue;
    }
    await hand(part);
    due.push(...(waiting.get(part.id) ?? []));
    waiting.delete(part.id);
  }
  return waiting.keys();
}
