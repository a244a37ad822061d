import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID } from '../content.ts';
import { committing, deleteDatabase, openDatabase } from '../indexed-db.ts';
import { stockDatabaseName } from '../stock-database.ts';
import { fenceOff } from './fence-stock.ts';
import { joinPieces, type Piece } from './pieces.ts';
import { addPieces, readPieces } from './segments.ts';
import { readStockRows, type StockRows } from './read-stock-database.ts';

export interface TakeOverProgress {
  readonly done: number;
  readonly total: number;
}

/** CoValues in one transaction. */
const batchSize = 100;

/**
 * Moves what cojson-storage-indexeddb has kept of an account into the account's own database. Its database stays until all of
 * it was read back here and found equal, and nothing was written to it since. Ended in between, it goes on where it was.
 */
export async function takeOverStock(options: {
  readonly indexedDB: IDBFactory;
  readonly accountID: string;
  readonly clock: Clock;
  /** Ends it between two transactions, which rejects. */
  readonly signal: AbortSignal;
  progress(progress: TakeOverProgress): void;
}): Promise<void> {
  const { indexedDB, accountID, clock } = options;
  const name = stockDatabaseName(accountID);
  const own = await openDatabase(indexedDB, accountDatabase(accountID), clock);
  assert(own, 'a database was to be made');
  try {
    for (;;) {
      const copied = await copyStock({ ...options, name, own });
      if (!copied) return;
      if (await fenceOff(indexedDB, { name, state: copied, clock })) break;
    }
  } finally {
    own.close();
  }
  await deleteDatabase(indexedDB, name);
}

/** Answers in which state the database was copied; undefined where it is none of stock cojson's. */
async function copyStock(options: {
  readonly indexedDB: IDBFactory;
  readonly name: string;
  readonly own: IDBDatabase;
  readonly signal: AbortSignal;
  progress(progress: TakeOverProgress): void;
}): Promise<string | undefined> {
  const { indexedDB, name, own, signal, progress } = options;
  const stock = await openDatabase(indexedDB, { name });
  try {
    const rows = stock && (await readStockRows(stock));
    if (!rows) return undefined;
    // Before all else: what is written from here on makes it another one.
    const state = await rows.state();
    await copyAll(rows, own, { signal, progress });
    return state;
  } finally {
    stock?.close();
  }
}

async function copyAll(
  rows: StockRows,
  own: IDBDatabase,
  { signal, progress }: { readonly signal: AbortSignal; progress(progress: TakeOverProgress): void },
): Promise<void> {
  const total = rows.count;
  let done = 0;
  progress({ done, total });
  for (let rowID = 0; ;) {
    signal.throwIfAborted();
    const { pieces, last } = await rows.after(rowID, batchSize);
    if (pieces.length === 0) break;
    await copy(pieces, own);
    rowID = last;
    done += pieces.length;
    progress({ done, total });
  }
  const [unconfirmed, deleted] = [await rows.unconfirmed(), await rows.deleted()];
  await committing(
    own.transaction([stores.unconfirmed, stores.deleted], 'readwrite', { durability: 'strict' }),
    (transaction) => {
      for (const id of unconfirmed) transaction.objectStore(stores.unconfirmed).put(1, id);
      for (const id of deleted) transaction.objectStore(stores.deleted).put(1, id);
    },
  );
}

async function copy(pieces: readonly Piece[], own: IDBDatabase): Promise<void> {
  const ids = new Set(pieces.map(({ id }) => id));
  await committing(
    own.transaction([stores.segments], 'readwrite', { durability: 'strict' }),
    async (transaction) => {
      const there = await readPieces(transaction, ids);
      addPieces(
        transaction,
        pieces.filter((piece) => !holds(there, piece)),
      );
    },
  );
  const written = await readPieces(own.transaction([stores.segments]), ids);
  if (pieces.every((piece) => holds(written, piece))) return;
  throw createKernelError(
    'STORAGE_WRITE_FAILED',
    'What was moved to the new database of this device is not what was written. The old one is kept and read, and it is tried again.',
  );
}

/** Whether all of the piece is there, transaction by transaction, up to the same signature where nothing came after it. */
function holds(there: ReadonlyMap<RawCoID, readonly Piece[]>, piece: Piece): boolean {
  const [have, need] = [joinPieces(piece.id, there.get(piece.id) ?? []), joinPieces(piece.id, [piece])];
  if (!have || !need || !isEqual(have.header, need.header)) return false;
  return [...need.runs].every(([sessionID, runs]) => {
    const stored = have.runs.get(sessionID) ?? [];
    const transactions = stored.flatMap((run) => run.transactions);
    const needed = runs.flatMap((run) => run.transactions);
    const isLonger = transactions.length > needed.length;
    return (
      isEqual(transactions.slice(0, needed.length), needed) &&
      (isLonger || stored.at(-1)?.signature === runs.at(-1)?.signature)
    );
  });
}
