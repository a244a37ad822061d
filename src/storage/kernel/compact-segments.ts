import { stores } from '../account-database.ts';
import type { RawCoID } from '../content.ts';
import { committing, resultOf } from '../indexed-db.ts';
import { endOf, messageSize, sizeOf, type Piece, type Run } from './pieces.ts';
import { addPieces, isSmall, piecesIn, type Segment } from './segments.ts';

/** For one transaction, which holds up writes. */
const segmentsAtOnce = 64;
/** Fewer that follow on each other are not worth it. */
const fewest = 8;

/**
 * Joins small segments that follow on each other, from a key on. What they hold stays as it is and where it is among the
 * others, so it reads the same; no other tab sees anything in between, and no crash leaves it. Answers where to go on,
 * or undefined at the end.
 */
export async function compactSegments(
  transaction: IDBTransaction,
  from: number,
): Promise<number | undefined> {
  return committing(transaction, async () => {
    const store = transaction.objectStore(stores.segments);
    const range = IDBKeyRange.lowerBound(from);
    const [keys, segments] = await Promise.all([
      resultOf(store.getAllKeys(range, segmentsAtOnce) as IDBRequest<number[]>),
      resultOf(store.getAll(range, segmentsAtOnce) as IDBRequest<Segment[]>),
    ]);
    let small: Small = { keys: [], pieces: [] };
    const join = () => {
      if (small.keys.length >= fewest) replace(transaction, small);
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
    return last === undefined || keys.length < segmentsAtOnce ? undefined : last + 1;
  });
}

interface Small {
  readonly keys: number[];
  readonly pieces: Piece[];
}

/** They take fewer segments than they did, as each was small. */
function replace(transaction: IDBTransaction, { keys, pieces }: Small): void {
  const count = addPieces(transaction, joinRuns(pieces), keys);
  const store = transaction.objectStore(stores.segments);
  for (const key of keys.slice(count)) store.delete(key);
}

/** One piece for each CoValue. Runs that follow on each other become one, up to what cojson is handed at once. */
export function joinRuns(pieces: readonly Piece[]): readonly Piece[] {
  const joined = new Map<RawCoID, { id: RawCoID; header?: NonNullable<Piece['header']>; runs: Run[] }>();
  for (const { id, header, runs } of pieces) {
    const one = joined.get(id) ?? { id, runs: [] };
    joined.set(id, one);
    if (header) one.header ??= header;
    for (const run of runs) addRun(one.runs, run);
  }
  return [...joined.values()];
}

function addRun(runs: Run[], run: Run): void {
  const index = runs.findLastIndex(({ sessionID }) => sessionID === run.sessionID);
  const last = runs[index];
  if (!last || endOf(last) !== run.after || sizeOf(last.transactions) > messageSize) {
    runs.push(run);
    return;
  }
  const transactions = [...last.transactions, ...run.transactions];
  runs[index] = { ...last, transactions, signature: run.signature };
}
