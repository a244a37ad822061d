import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { accountDatabase, stores } from '../account-database.ts';
import type { RawCoID } from '../../engine/content.ts';
import { committing, deleteDatabase, openDatabase } from '../indexed-db.ts';
import { addFacts, ledgerStores } from '../ledger/ledger-store.ts';
import { noFacts, wholeDebts } from '../ledger.ts';
import { stockDatabaseName } from '../stock-database.ts';
import { fenceStock } from './fence-stock.ts';
import { joinPieces, type Piece } from './pieces.ts';
import { addPieces, countAddition, readPieces, readState } from './segments.ts';
import { readStockRows, type StockRows } from './read-stock-database.ts';

export interface MigrationProgress {
  readonly done: number;
  readonly total: number;
}

/** CoValues per transaction. */
const batchSize = 100;

/** Copies stock content, then deletes the old database if all of it compares equal and is unchanged. Resumable. */
export async function migrateStock(options: {
  readonly indexedDB: IDBFactory;
  readonly accountID: string;
  readonly clock: Clock;
  /** Stops the migration between two transactions; it then rejects. */
  readonly signal: AbortSignal;
  progress(progress: MigrationProgress): void;
}): Promise<void> {
  const { indexedDB, accountID, clock } = options;
  const name = stockDatabaseName(accountID);
  const target = await openDatabase(indexedDB, accountDatabase(accountID), clock);
  assert(target, 'a database should have been created');
  try {
    for (;;) {
      const copied = await copyStock({ ...options, name, target });
      if (!copied) return;
      if (await fenceStock(indexedDB, { name, state: copied, clock })) break;
    }
  } finally {
    target.close();
  }
  await deleteDatabase(indexedDB, name);
}

/** Resolves with the state at which the database was copied; undefined if it is not one of stock cojson's. */
async function copyStock(options: {
  readonly indexedDB: IDBFactory;
  readonly name: string;
  readonly target: IDBDatabase;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(progress: MigrationProgress): void;
}): Promise<string | undefined> {
  const { indexedDB, name, target } = options;
  const stock = await openDatabase(indexedDB, { name });
  try {
    const rows = stock && (await readStockRows(stock));
    if (!rows) return undefined;
    // Read the state first: any later write changes it.
    const state = await rows.state();
    await copyAll(rows, target, { ...options, state });
    return state;
  } finally {
    stock?.close();
  }
}

async function copyAll(
  rows: StockRows,
  target: IDBDatabase,
  {
    state,
    clock,
    signal,
    progress,
  }: {
    readonly state: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    progress(progress: MigrationProgress): void;
  },
): Promise<void> {
  const total = rows.count;
  let done = 0;
  progress({ done, total });
  for (let rowID = 0; ;) {
    signal.throwIfAborted();
    const { pieces, last } = await rows.after(rowID, batchSize);
    if (pieces.length === 0) break;
    await copy(pieces, target);
    rowID = last;
    done += pieces.length;
    progress({ done, total });
  }
  const [unconfirmed, deleted] = [await rows.unconfirmed(), await rows.deleted()];
  await committing(
    target.transaction([...ledgerStores, stores.deleted], 'readwrite', { durability: 'strict' }),
    async (transaction) => {
      // A release of what an earlier copy found must not end these debts.
      const debts = wholeDebts(unconfirmed, `moved at ${state}`, clock.nowMs());
      await addFacts(transaction, { ...noFacts, debts });
      for (const id of deleted) transaction.objectStore(stores.deleted).put(1, id);
    },
  );
}

async function copy(pieces: readonly Piece[], target: IDBDatabase): Promise<void> {
  const ids = new Set(pieces.map(({ id }) => id));
  await committing(
    target.transaction([stores.segments], 'readwrite', { durability: 'strict' }),
    async (transaction) => {
      const stored = await readPieces(transaction, ids);
      const state = await readState(transaction);
      if (state) countAddition(transaction, state);
      addPieces(
        transaction,
        pieces.filter((piece) => !holds(stored, piece)),
      );
    },
  );
  const written = await readPieces(target.transaction([stores.segments]), ids);
  if (pieces.every((piece) => holds(written, piece))) return;
  throw createKernelError(
    'STORAGE_WRITE_FAILED',
    'Content read back from this device’s new database does not match what was written. The old database is kept and still read; the move is retried automatically.',
  );
}

/** Whether every transaction of the piece is stored and, if no others follow, the last signature is the same. */
function holds(content: ReadonlyMap<RawCoID, readonly Piece[]>, piece: Piece): boolean {
  const [have, need] = [joinPieces(piece.id, content.get(piece.id) ?? []), joinPieces(piece.id, [piece])];
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
