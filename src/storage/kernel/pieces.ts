import { cojsonInternals } from 'cojson';
import type {
  CoValueHeader,
  KnownState,
  Content,
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

/** Joins pieces in writing order: the first of two duplicates wins. Drops what follows a gap. Undefined without a header. */
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

/** Runs of one session from `from` up to the first gap, without overlaps. */
export function contiguousRuns(runs: readonly Run[], from = 0): readonly Run[] {
  let end = from;
  return runs
    .toSorted((a, b) => a.after - b.after)
    .flatMap((run) => {
      const { after, transactions } = run;
      const runEnd = after + transactions.length;
      if (after > end || runEnd <= end) return [];
      const rest =
        after === end ? run : { ...run, after: end, transactions: transactions.slice(end - after) };
      end = runEnd;
      return rest;
    });
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

export function storedStateOf(stored: StoredCoValue): StoredState {
  const ends = [...stored.runs].flatMap(([sessionID, inSession]) => {
    const last = inSession.at(-1);
    return last ? [[sessionID, last.signature] as const] : [];
  });
  return { known: knownStateOf(stored), signatures: Object.fromEntries(ends) };
}

export function endOf(run: Run | undefined): number {
  return run ? run.after + run.transactions.length : 0;
}

/** cojson's recommended message size in characters. Its own storage splits at the same size. */
export const messageSize = cojsonInternals.TRANSACTION_CONFIG.MAX_RECOMMENDED_TX_SIZE;

export function sizeOf(transactions: readonly Transaction[]): number {
  return transactions.reduce((sum, transaction) => sum + cojsonInternals.getTransactionSize(transaction), 0);
}

/** The messages for cojson. A long history is split at signatures; the first message says how far it goes. */
export function messagesOf(stored: StoredCoValue): readonly Content[] {
  const { id, header, runs } = stored;
  const priority = cojsonInternals.getPriorityFromHeader(header);
  const begin = (): Content => ({ action: 'content', id, header, priority, new: {} });
  let message = begin();
  const messages = [message];
  let size = 0;
  for (const { sessionID, after, transactions, signature } of [...runs.values()].flat()) {
    if (size > messageSize) {
      messages.push((message = begin()));
      size = 0;
    }
    const session = (message.new[sessionID] ??= { after, newTransactions: [], lastSignature: signature });
    session.newTransactions.push(...transactions);
    session.lastSignature = signature;
    size += sizeOf(transactions);
  }
  const [first] = messages;
  if (first && messages.length > 1) first.expectContentUntil = knownStateOf(stored).sessions;
  return messages;
}
