import { isDeleteSession, type RawCoID } from '../../src/engine/content.ts';
import { joinPieces, knownStateOf, type Piece, type StoredCoValue } from '../../src/storage/kernel/pieces.ts';

/** What a device's tabs have committed. Queued writes belong to each tab and are lost with it. */
export interface DeviceDisk {
  /** While true, commits fail. */
  isFailing: boolean;
  /** Writes atomically. `by` names the tab. */
  commit(writes: {
    readonly by: string;
    readonly pieces: readonly Piece[];
    readonly marks: readonly { readonly id: RawCoID; readonly isSet: boolean }[];
    readonly deleted: readonly RawCoID[];
  }): void;
  read(id: RawCoID): readonly Piece[];
  /** The CoValue's content, joined from all pieces written. */
  stored(id: RawCoID): StoredCoValue | undefined;
  /** Transactions per session; undefined if the CoValue is not stored. */
  countsOf(id: RawCoID): Readonly<Record<string, number>> | undefined;
  /** Whether this tab wrote the transactions up to `count`; another tab may have written them, from a relay. */
  isWrittenBy(tab: string, id: RawCoID, sessionID: string, count: number): boolean;
  readonly ids: readonly RawCoID[];
  /** IDs of CoValues that no relay has confirmed. */
  readonly marks: readonly RawCoID[];
  /** Erases the history of deleted CoValues, except their deletion. */
  erase(): void;
}

export function createDeviceDisk(): DeviceDisk {
  const piecesByID = new Map<RawCoID, readonly Piece[]>();
  const countsByID = new Map<RawCoID, Readonly<Record<string, number>>>();
  const writtenByTabs = new Map<string, number>();
  const marks = new Set<RawCoID>();
  const deleted = new Set<RawCoID>();

  function stored(id: RawCoID): StoredCoValue | undefined {
    return joinPieces(id, piecesByID.get(id) ?? []);
  }

  function count(id: RawCoID): void {
    const coValue = stored(id);
    if (coValue) countsByID.set(id, knownStateOf(coValue).sessions);
  }

  return {
    isFailing: false,
    commit(writes) {
      for (const piece of writes.pieces) {
        const key = `${writes.by} ${piece.id}`;
        if (piece.header) writtenByTabs.set(key, 0);
        for (const { sessionID, after, transactions } of piece.runs)
          writtenByTabs.set(`${key} ${sessionID}`, after + transactions.length);
        piecesByID.set(piece.id, [...(piecesByID.get(piece.id) ?? []), piece]);
      }
      for (const { id } of writes.pieces) count(id);
      for (const { id, isSet } of writes.marks) {
        if (isSet) marks.add(id);
        else marks.delete(id);
      }
      for (const id of writes.deleted) deleted.add(id);
    },
    read: (id) => piecesByID.get(id) ?? [],
    stored,
    countsOf: (id) => countsByID.get(id),
    isWrittenBy(tab, id, sessionID, count) {
      const key = count === 0 ? `${tab} ${id}` : `${tab} ${id} ${sessionID}`;
      return (writtenByTabs.get(key) ?? -1) >= count;
    },
    get ids() {
      return [...piecesByID.keys()];
    },
    get marks() {
      return [...marks].sort();
    },
    erase() {
      for (const id of deleted) {
        const remaining = (piecesByID.get(id) ?? []).map((piece) => ({
          ...piece,
          runs: piece.runs.filter(({ sessionID }) => isDeleteSession(sessionID)),
        }));
        piecesByID.set(id, remaining);
        count(id);
      }
    },
  };
}
