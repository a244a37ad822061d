import { isEqual } from '../../base/equal.ts';
import type {
  CoValueHeader,
  KnownState,
  RawCoID,
  SessionID,
  Signature,
  Transaction,
} from '../../engine/content.ts';
import type { StoredState } from '../kernel-device-storage.ts';

/** The unit of writing: part of one CoValue, never changed. Reading joins all pieces of a CoValue. */
export interface Piece {
  readonly id: RawCoID;
  /** In the first piece; repeating it is harmless. */
  readonly header?: CoValueHeader;
  readonly runs: readonly Run[];
}

/** Consecutive transactions of one session, ending at a signature. */
export interface Run {
  readonly sessionID: SessionID;
  /** How many transactions of the session precede it. */
  readonly after: number;
  readonly transactions: readonly Transaction[];
  readonly signature: Signature;
}

export interface StoredCoValue {
  readonly id: RawCoID;
  readonly header: CoValueHeader;
  /** In order and without gaps. */
  readonly runs: ReadonlyMap<SessionID, readonly Run[]>;
}

/**
 * Joins pieces in writing order: the first of two duplicates wins. Drops what follows a gap, and what continues other
 * transactions than those stored first. Undefined without a header.
 */
export function joinPieces(id: RawCoID, pieces: readonly Piece[]): StoredCoValue | undefined {
  const header = pieces.find((piece) => piece.header)?.header;
  if (!header) return undefined;
  const runs = new Map<SessionID, Run[]>();
  for (const run of pieces.flatMap((piece) => piece.runs)) {
    const inSession = runs.get(run.sessionID);
    if (inSession) inSession.push(run);
    else runs.set(run.sessionID, [run]);
  }
  return { id, header, runs: new Map([...runs].map(([sessionID, all]) => [sessionID, contiguousRuns(all)])) };
}

/** Omits CoValues whose header is missing. */
export function joinAll(pieces: ReadonlyMap<RawCoID, readonly Piece[]>): readonly StoredCoValue[] {
  return [...pieces].flatMap(([id, some]) => joinPieces(id, some) ?? []);
}

/** Runs of one session, in writing order, from `from` up to the first gap, without overlaps. */
export function contiguousRuns(runs: readonly Run[], from = 0): readonly Run[] {
  const joined: Run[] = [];
  let end = from;
  for (let rest = runs; rest.length > 0;) {
    const before = end;
    const afterGap: Run[] = [];
    for (const run of rest) {
      const { after, transactions } = run;
      if (after > end) afterGap.push(run);
      if (after > end || endOf(run) <= end || (after < end && !continuesAll(run, joined))) continue;
      joined.push(
        after === end ? run : { ...run, after: end, transactions: transactions.slice(end - after) },
      );
      end = endOf(run);
    }
    rest = end > before ? afterGap : [];
  }
  return joined;
}

/** Two tabs may store the same transactions. Others at the same place were written by a copy of the browser profile. */
function continuesAll({ after, transactions }: Run, joined: readonly Run[]): boolean {
  const overlapping = joined.filter((run) => endOf(run) > after);
  return overlapping.every((run) =>
    run.transactions.every((other, index) => {
      const at = run.after + index - after;
      return at < 0 || isEqual(other, transactions[at]);
    }),
  );
}

/** The runs without what follows `from`. One that goes beyond it goes as a whole, as no signature ends at `from`. */
export function withoutFork(
  runs: readonly Run[],
  { sessionID, from }: { readonly sessionID: SessionID; readonly from: number },
): readonly Run[] {
  return runs.filter((run) => run.sessionID !== sessionID || endOf(run) <= from);
}

export function knownStateOf({ id, runs }: StoredCoValue): KnownState {
  const sessions: KnownState['sessions'] = {};
  for (const [sessionID, inSession] of runs) sessions[sessionID] = endOf(inSession.at(-1));
  return { id, header: true, sessions };
}

export function storedStateOf(stored: StoredCoValue, forks: ReadonlySet<SessionID>): StoredState {
  const ends = [...stored.runs].flatMap(([sessionID, inSession]) => {
    const last = inSession.at(-1);
    return last ? [[sessionID, last.signature] as const] : [];
  });
  return { known: knownStateOf(stored), signatures: Object.fromEntries(ends), forks };
}

export function endOf(run: Run | undefined): number {
  return run ? run.after + run.transactions.length : 0;
}
