import { assert } from '../../platform/assert.ts';
import { isEqual } from '../../platform/equal.ts';
import { createKernelError } from '../../platform/kernel-error.ts';
import { accountDatabase, stores } from '../account-database.ts';
import { contentDatabaseName } from '../content-database.ts';
import type { RawCoID } from '../content.ts';
import { committing, deleteDatabase, openDatabase } from '../indexed-db.ts';
import { joinPieces, type Piece } from './pieces.ts';
import { addPieces, readPieces } from './segments.ts';
import { readStockRows, type StockRows } from './stock-rows.ts';

export interface TakeOverProgress {
  readonly done: number;
  readonly total: number;
}

/** CoValues in one transaction. */
const batchSize = 100;

/**
 * Moves what cojson-storage-indexeddb has kept of an account into the account's own database. Its database stays until all of
 * it was read back here and found equal. Ended in between, it goes on where it was. To be called while nobody writes to either.
 */
export async function takeOverStock(options: {
  readonly indexedDB: IDBFactory;
  readonly accountID: string;
  progress(progress: TakeOverProgress): void;
}): Promise<void> {
  const { indexedDB, accountID, progress } = options;
  const name = contentDatabaseName(accountID);
  const stock = await openDatabase(indexedDB, { name });
  if (!stock) return;
  const own = await openDatabase(indexedDB, accountDatabase(accountID));
  try {
    assert(own, 'a database was to be made');
    const rows = await readStockRows(stock);
    if (!rows) return;
    await copyAll(rows, own, progress);
  } finally {
    stock.close();
    own?.close();
  }
  await deleteDatabase(indexedDB, name);
}

async function copyAll(
  rows: StockRows,
  own: IDBDatabase,
  progress: (progress: TakeOverProgress) => void,
): Promise<void> {
  const total = rows.count;
  let done = 0;
  for (let rowID = 0; ;) {
    const { pieces, last } = await rows.after(rowID, batchSize);
    if (pieces.length === 0) break;
    await copy(pieces, own);
    rowID = last;
    done += pieces.length;
    progress({ done, total });
  }
  const [unconfirmed, deleted] = [await rows.unconfirmed(), await rows.deleted()];
  await committing(own.transaction([stores.unconfirmed, stores.deleted], 'readwrite'), (transaction) => {
    for (const id of unconfirmed) transaction.objectStore(stores.unconfirmed).put(1, id);
    for (const id of deleted) transaction.objectStore(stores.deleted).put(1, id);
  });
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
    'What was moved to the new database of this device is not what was written. The old one is kept; it is tried again at the next start.',
  );
}

/** Whether all of the piece is there, transaction by transaction. */
function holds(there: ReadonlyMap<RawCoID, readonly Piece[]>, piece: Piece): boolean {
  const [have, need] = [joinPieces(piece.id, there.get(piece.id) ?? []), joinPieces(piece.id, [piece])];
  if (!have || !need || !isEqual(have.header, need.header)) return false;
  return [...need.runs].every(([sessionID, runs]) => {
    const transactions = (have.runs.get(sessionID) ?? []).flatMap((run) => run.transactions);
    const needed = runs.flatMap((run) => run.transactions);
    return isEqual(transactions.slice(0, needed.length), needed);
  });
}
