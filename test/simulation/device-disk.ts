import { isDeleteSession, type RawCoID } from '../../src/storage/content.ts';
import { joinPieces, knownStateOf, type Piece, type StoredCoValue } from '../../src/storage/kernel/pieces.ts';

/** What has been committed on a device, for all of its tabs. Queued writes are the tabs' own, and go with them. */
export interface DeviceDisk {
  /** While true, nothing can be written. */
  isFailing: boolean;
  /** All of it at once, by this tab. */
  commit(writes: {
    readonly by: string;
    readonly pieces: readonly Piece[];
    readonly marks: readonly { readonly id: RawCoID; readonly isSet: boolean }[];
    readonly deleted: readonly RawCoID[];
  }): void;
  read(id: RawCoID): readonly Piece[];
  /** As it is read: joined from all that was written of it. */
  stored(id: RawCoID): StoredCoValue | undefined;
  /** Transactions of each session; undefined where it is not there. */
  countsOf(id: RawCoID): Readonly<Record<string, number>> | undefined;
  /** Whether this very tab has written so much of it: another one may have had it from a relay. */
  isWrittenBy(tab: string, id: RawCoID, sessionID: string, count: number): boolean;
  readonly ids: readonly RawCoID[];
  /** Of what no relay has confirmed. */
  readonly marks: readonly RawCoID[];
  /** Only the deletion itself stays of what was deleted. */
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
    const found = stored(id);
    if (found) countsByID.set(id, knownStateOf(found).sessions);
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
        const left = (piecesByID.get(id) ?? []).map((piece) => ({
          ...piece,
          runs: piece.runs.filter(({ sessionID }) => isDeleteSession(sessionID)),
        }));
        piecesByID.set(id, left);
        count(id);
      }
    },
  };
}
