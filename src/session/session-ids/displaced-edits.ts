import type { AvailableCoValueCore, JsonObject, JsonValue, LocalNode } from 'cojson';
import type { RawCoID, TransactionID } from '../../engine/internal-types.ts';
import type { Fork } from './own-forks.ts';

export type Transaction = AvailableCoValueCore['verifiedTransactions'][number];

/** The edits of one CoValue that lose their places to those of another device. */
export interface DisplacedEdits {
  has(edit: Transaction): boolean;
  /** The ID of the edit's copy, equal on every device. In a list, other edits refer to it, so it names a branch. */
  nameOf(edit: Transaction): TransactionID;
  /** Adds the branch to references to insertions whose IDs have changed. */
  renamed(change: JsonValue): JsonValue;
}

export function displacedEdits(
  node: LocalNode,
  core: AvailableCoValueCore,
  forks: readonly Fork[],
): DisplacedEdits {
  const { type } = core.verified.header;
  const isOrdered = type === 'colist' || type === 'coplaintext';
  const starts = new Map(
    forks.flatMap(({ id, sessionID, from }) => (id === core.id ? [[sessionID, from]] : [])),
  );
  const branches = new Map<string, string>();
  for (const edit of core.verifiedTransactions)
    if (has(edit)) {
      const { sessionID, txIndex, branch } = nameOf(edit);
      if (!edit.sourceTxID && branch !== undefined) branches.set(`${sessionID} ${txIndex}`, branch);
    }

  function has({ currentTxID: { sessionID, txIndex } }: Transaction): boolean {
    return txIndex >= (starts.get(sessionID) ?? Infinity);
  }

  /** Devices that share a branch of a fork may each write it again: equal IDs make its items appear once. */
  function nameOf({ sourceTxID, currentTxID, tx }: Transaction): TransactionID {
    // Others refer to what was written again before by the ID that it has had since.
    if (sourceTxID) return sourceTxID;
    // A group's keys are sealed for the ID without a branch.
    if (!isOrdered) return currentTxID;
    const hash: string = node.crypto.shortHash(tx);
    return { ...currentTxID, branch: hash as RawCoID };
  }

  return {
    has,
    nameOf,
    renamed(change) {
      if (!isObject(change)) return change;
      return Object.fromEntries(
        Object.entries(change).map(([key, value]) => {
          if (!isReference(key, value)) return [key, value];
          const branch = branchOf(value);
          return [key, branch === undefined ? value : { ...value, branch }];
        }),
      );
    },
  };

  function branchOf({ sessionID, txIndex, branch }: TransactionID): string | undefined {
    return branch ? undefined : branches.get(`${sessionID} ${txIndex}`);
  }
}

function isReference(key: string, value: JsonValue | undefined): value is TransactionID & JsonObject {
  return (key === 'after' || key === 'before' || key === 'insertion') && isObject(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
