import { cojsonInternals } from 'cojson';
import type {
  CoValueHeader,
  KnownState,
  NewContent,
  RawCoID,
  SessionID,
  Signature,
  Transaction,
} from '../content.ts';

/** What is written of one CoValue at once. Nothing of it is ever changed; what is read is joined from all of them. */
export interface Piece {
  readonly id: RawCoID;
  /** In the first piece; a second one with it does no harm. */
  readonly header?: CoValueHeader;
  readonly runs: readonly Run[];
}

/** Transactions of one session, up to one that is signed. */
export interface Run {
  readonly sessionID: SessionID;
  /** How many transactions of the session stand before it. */
  readonly after: number;
  readonly transactions: readonly Transaction[];
  readonly signature: Signature;
}

/** A CoValue as it stands on this device. */
export interface StoredCoValue {
  readonly id: RawCoID;
  readonly header: CoValueHeader;
  /** In order, with nothing missing in between. */
  readonly runs: ReadonlyMap<SessionID, readonly Run[]>;
}

/**
 * In the order in which they were written. Two tabs may have written the same: what came first stands. What does not
 * follow on is left out, as a relay has it. Undefined without a header.
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
  return { id, header, runs: new Map([...runs].map(([sessionID, all]) => [sessionID, inARow(all)])) };
}

/** Of one session: what follows on its first transactions, with nothing missing in between. */
export function inARow(runs: readonly Run[], from = 0): readonly Run[] {
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

export function knownStateOf({ id, runs }: StoredCoValue): KnownState {
  const sessions: KnownState['sessions'] = {};
  for (const [sessionID, inSession] of runs) sessions[sessionID] = endOf(inSession.at(-1));
  return { id, header: true, sessions };
}

export function endOf(run: Run | undefined): number {
  return run ? run.after + run.transactions.length : 0;
}

/** As much as cojson recommends for a message, in characters. Its own storage cuts there too. */
export const messageSize = cojsonInternals.TRANSACTION_CONFIG.MAX_RECOMMENDED_TX_SIZE;

export function sizeOf(transactions: readonly Transaction[]): number {
  return transactions.reduce((sum, transaction) => sum + cojsonInternals.getTransactionSize(transaction), 0);
}

/** What cojson is handed. A long history comes in several messages, each of which ends at a signature; the first says up to where. */
export function messagesOf(stored: StoredCoValue): readonly NewContent[] {
  const { id, header, runs } = stored;
  const priority = cojsonInternals.getPriorityFromHeader(header);
  const begin = (): NewContent => ({ action: 'content', id, header, priority, new: {} });
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
