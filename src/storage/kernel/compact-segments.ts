import { stores } from '../account-database.ts';
import type { RawCoID, SessionID } from '../../engine/content.ts';
import { committing, resultOf } from '../indexed-db.ts';
import { messageSize, sizeOf } from './messages/stored-messages.ts';
import { endOf, type Piece, type Run } from './pieces.ts';
import { addPieces, isSmall, piecesIn, type Segment } from './segments.ts';

/** Limited, because a transaction blocks writes. */
const segmentsPerTransaction = 64;
/** The shortest sequence of small segments worth joining. */
const minSequence = 8;

/** Joins adjacent small segments from a key on, atomically and in order. Resolves with the next key, if any. */
export async function compactSegments(
  transaction: IDBTransaction,
  from: number,
): Promise<number | undefined> {
  return committing(transaction, async () => {
    const store = transaction.objectStore(stores.segments);
    const range = IDBKeyRange.lowerBound(from);
    const [keys, segments] = await Promise.all([
      resultOf(store.getAllKeys(range, segmentsPerTransaction) as IDBRequest<number[]>),
      resultOf(store.getAll(range, segmentsPerTransaction) as IDBRequest<Segment[]>),
    ]);
    let small: Small = { keys: [], pieces: [] };
    const join = () => {
      if (small.keys.length >= minSequence) replace(transaction, small);
      small = { keys: [], pieces: [] };
    };
    for (const [index, segment] of segments.entries()) {
      const key = keys[index];
      if (key === undefined) break;
      if (isSmall(segment)) {
        small.keys.push(key);
        small.pieces.push(...piecesIn(segment));
      } else join();
    }
    join();
    const last = keys.at(-1);
    return last === undefined || keys.length < segmentsPerTransaction ? undefined : last + 1;
  });
}

interface Small {
  readonly keys: number[];
  readonly pieces: Piece[];
}

/** Small segments always join into fewer segments. */
function replace(transaction: IDBTransaction, { keys, pieces }: Small): void {
  const count = addPieces(transaction, joinRuns(pieces), keys);
  const store = transaction.objectStore(stores.segments);
  for (const key of keys.slice(count)) store.delete(key);
}

interface JoinedPiece {
  readonly id: RawCoID;
  header?: NonNullable<Piece['header']>;
  readonly runs: Run[];
  /** Sessions with runs that overlap. Those may be another client’s, which nothing of this device continues. */
  readonly overlapping: Set<SessionID>;
}

/** One piece per CoValue. Adjacent runs become one, up to the size of a message to cojson. */
export function joinRuns(pieces: readonly Piece[]): readonly Piece[] {
  const joined = new Map<RawCoID, JoinedPiece>();
  for (const { id, header, runs } of pieces) {
    const one = joined.get(id) ?? { id, runs: [], overlapping: new Set() };
    joined.set(id, one);
    if (header) one.header ??= header;
    for (const run of runs) addRun(one, run);
  }
  return [...joined.values()].map(({ overlapping: _, ...piece }) => piece);
}

function addRun({ runs, overlapping }: JoinedPiece, run: Run): void {
  const { sessionID } = run;
  const index = runs.findLastIndex((other) => other.sessionID === sessionID);
  const last = runs[index];
  if (run.after < endOf(last)) overlapping.add(sessionID);
  if (
    !last ||
    endOf(last) !== run.after ||
    sizeOf(last.transactions) > messageSize ||
    overlapping.has(sessionID)
  ) {
    runs.push(run);
    return;
  }
  const transactions = [...last.transactions, ...run.transactions];
  runs[index] = { ...last, transactions, signature: run.signature };
}
