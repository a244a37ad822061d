import { isDeleteSession, type RawCoID, type SessionID } from '../../src/engine/content.ts';
import type { Confirmation, LedgerFacts } from '../../src/storage/ledger.ts';
import type { RememberedRelay } from '../../src/storage/remembered-relay.ts';
import { createLedgerLog, type LedgerLog } from '../support/storage/ledger-log.ts';
import {
  joinPieces,
  knownStateOf,
  withoutFork,
  type Piece,
  type StoredCoValue,
} from '../../src/storage/kernel/pieces.ts';

/** What a device's tabs have committed. Queued writes belong to each tab and are lost with it. */
export interface DeviceDisk {
  /** While true, commits fail. */
  isFailing: boolean;
  /** While true, reads fail. */
  isUnreadable: boolean;
  /** How often a read has failed. */
  failedReads: number;
  /** How often something was written. */
  readonly commits: number;
  /** Writes atomically. `by` names the tab. */
  commit(writes: {
    readonly by: string;
    readonly pieces: readonly Piece[];
    readonly facts: readonly Partial<LedgerFacts>[];
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
  readonly ledger: LedgerLog;
  /** Returns the confirmations that pages have written since the last call. */
  takeConfirmations(): readonly WrittenConfirmation[];
  /** Erases the history of deleted CoValues, except their deletion. */
  erase(): void;
  /** Deletes sessions of CoValues, as the kernel's `forgetSessions` does, with what is owed of them. */
  forget(sessions: readonly ForgottenSession[]): void;
  /** Whether the session's content was ever deleted, because another one is in its place at a relay. */
  hasForgotten(id: RawCoID, sessionID: string): boolean;
  /** `copied`: what the copy's device remembers of each relay. */
  copy(copied: Map<string, RememberedRelay>): DeviceDisk;
}

export interface ForgottenSession {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** What precedes it stays. */
  readonly from: number;
  /** How much of the session the tab had. */
  readonly count: number;
}

export interface WrittenConfirmation extends Confirmation {
  readonly by: string;
  /** Whether this much of the session was on the disk by then. */
  readonly isStored: boolean;
  /** Whether the ledger took it. */
  readonly isKept: boolean;
  /** What the relay's record named as its storage by then. */
  readonly storage: RememberedRelay['storage'];
  /** Whether the ledger has it, though the relay's record names another generation. */
  readonly isOutdated: boolean;
}

/** `relays`: what the device remembers of each relay. */
export function createDeviceDisk(
  relays = new Map<string, RememberedRelay>(),
  earlier: {
    readonly pieces?: ReadonlyMap<RawCoID, readonly Piece[]>;
    readonly deleted?: ReadonlySet<RawCoID>;
    readonly ledger?: LedgerLog;
  } = {},
): DeviceDisk {
  const piecesByID = new Map(earlier.pieces);
  const countsByID = new Map<RawCoID, Readonly<Record<string, number>>>();
  const writtenByTabs = new Map<string, number>();
  const ledger = earlier.ledger ?? createLedgerLog(relays);
  const deleted = new Set(earlier.deleted);
  const forgotten = new Set<string>();
  let commits = 0;
  let written: WrittenConfirmation[] = [];

  function stored(id: RawCoID): StoredCoValue | undefined {
    return joinPieces(id, piecesByID.get(id) ?? []);
  }

  function isStored({ id, session, count }: Confirmation): boolean {
    const counts = countsByID.get(id);
    if (!counts || session === 'header') return counts !== undefined;
    // The rest of a deleted CoValue may be erased.
    return (counts[session] ?? 0) >= count || Object.keys(counts).some(isDeleteSession);
  }

  function count(id: RawCoID): void {
    const coValue = stored(id);
    if (coValue) countsByID.set(id, knownStateOf(coValue).sessions);
  }
  for (const id of piecesByID.keys()) count(id);

  return {
    isFailing: false,
    isUnreadable: false,
    failedReads: 0,
    ledger,
    get commits() {
      return commits;
    },
    commit(writes) {
      commits++;
      for (const piece of writes.pieces) {
        const key = `${writes.by} ${piece.id}`;
        if (piece.header) writtenByTabs.set(key, 0);
        for (const { sessionID, after, transactions } of piece.runs)
          writtenByTabs.set(`${key} ${sessionID}`, after + transactions.length);
        piecesByID.set(piece.id, [...(piecesByID.get(piece.id) ?? []), piece]);
      }
      for (const { id } of writes.pieces) count(id);
      for (const facts of writes.facts) {
        const kept = new Set(ledger.add(facts));
        for (const confirmation of facts.confirmations ?? []) {
          const { losses = 0, storage } = relays.get(confirmation.relayID) ?? {};
          const isOutdated = kept.has(confirmation) && confirmation.generation !== losses;
          written.push({
            ...confirmation,
            by: writes.by,
            isKept: kept.has(confirmation),
            storage,
            isStored: isStored(confirmation),
            isOutdated,
          });
        }
      }
      if (ledger.length > 40) ledger.compact();
      for (const id of writes.deleted) deleted.add(id);
    },
    takeConfirmations() {
      const taken = written;
      written = [];
      return taken;
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
    forget(sessions) {
      commits++;
      for (const { id, sessionID, from, count: known } of sessions) {
        const pieces = piecesByID.get(id) ?? [];
        const had = Math.max(known, countsByID.get(id)?.[sessionID] ?? 0);
        ledger.add({ releases: [{ id, session: sessionID, count: had }] });
        piecesByID.set(
          id,
          pieces.map((piece) => ({
            ...piece,
            runs: withoutFork(piece.runs, { sessionID, from }),
          })),
        );
        count(id);
        forgotten.add(`${id} ${sessionID}`);
      }
    },
    hasForgotten: (id, sessionID) => forgotten.has(`${id} ${sessionID}`),
    copy: (copied) => createDeviceDisk(copied, { pieces: piecesByID, deleted, ledger: ledger.copy(copied) }),
  };
}
