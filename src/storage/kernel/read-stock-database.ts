import type { CoValueHeader, RawCoID, SessionID, Signature, Transaction } from '../../engine/content.ts';
import { resultOf } from '../indexed-db.ts';
import type { Piece, Run } from './pieces.ts';

/** The parts of a cojson-storage-indexeddb 0.20 database (version 7) that are migrated. */
export interface StockRows {
  readonly count: number;
  /** Changes with every write. */
  state(): Promise<string>;
  ids(): Promise<readonly RawCoID[]>;
  /** Those of the given CoValues that are stored. */
  find(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, Piece>>;
  /** The CoValues after a row, in order of creation. */
  after(rowID: number, limit: number): Promise<{ readonly pieces: readonly Piece[]; readonly last: number }>;
  /** Marked for any peer, by this kernel or by stock cojson: asking a relay once too often is harmless. */
  unconfirmed(): Promise<readonly RawCoID[]>;
  /** Deleted CoValues whose history has not been erased yet. */
  deleted(): Promise<readonly RawCoID[]>;
}

interface CoValueRow {
  readonly rowID: number;
  readonly id: RawCoID;
  readonly header: CoValueHeader;
}
interface SessionRow {
  readonly rowID: number;
  readonly sessionID: SessionID;
  /** The number of transactions. */
  readonly lastIdx: number;
  readonly lastSignature: Signature;
}

const tables = {
  coValues: 'coValues',
  sessions: 'sessions',
  transactions: 'transactions',
  signatures: 'signatureAfter',
  unsynced: 'unsyncedCoValues',
  deleted: 'deletedCoValues',
} as const;

/** Undefined if the database is not one of stock cojson's. */
export async function readStockRows(db: IDBDatabase): Promise<StockRows | undefined> {
  if (Object.values(tables).some((name) => !db.objectStoreNames.contains(name))) return undefined;
  const all = <T>(name: string) =>
    resultOf(db.transaction(name).objectStore(name).getAll() as IDBRequest<T[]>);

  const names = [tables.coValues, tables.sessions, tables.transactions, tables.signatures];

  return {
    count: await resultOf(db.transaction(tables.coValues).objectStore(tables.coValues).count()),
    state: () => readState(db.transaction(Object.values(tables))),
    ids: async () => (await all<CoValueRow>(tables.coValues)).map(({ id }) => id),
    async find(ids) {
      const transaction = db.transaction(names);
      const index = transaction.objectStore(tables.coValues).index('coValuesById');
      const rows = await Promise.all(
        [...ids].map((id) => resultOf(index.get(id) as IDBRequest<CoValueRow | undefined>)),
      );
      const pieces = await Promise.all(rows.flatMap((row) => (row ? readPiece(transaction, row) : [])));
      return new Map(pieces.map((piece) => [piece.id, piece]));
    },
    async after(rowID, limit) {
      const transaction = db.transaction(names);
      const rows = await resultOf(
        transaction
          .objectStore(tables.coValues)
          .getAll(IDBKeyRange.lowerBound(rowID, true), limit) as IDBRequest<CoValueRow[]>,
      );
      const pieces = await Promise.all(rows.map((row) => readPiece(transaction, row)));
      return { pieces, last: rows.at(-1)?.rowID ?? rowID };
    },
    async unconfirmed() {
      const marks = await all<{ readonly coValueId: RawCoID }>(tables.unsynced);
      return marks.map(({ coValueId }) => coValueId);
    },
    async deleted() {
      const rows = await all<{ readonly coValueID: RawCoID; readonly status: string }>(tables.deleted);
      return rows.flatMap(({ coValueID, status }) => (status === 'pending' ? coValueID : []));
    },
  };
}

/** Row counts, which identify a state because stock storage only adds rows, apart from erasing. */
export async function readState(transaction: IDBTransaction): Promise<string> {
  const counts = Object.values(tables).map((name) => resultOf(transaction.objectStore(name).count()));
  return (await Promise.all(counts)).join();
}

async function readPiece(transaction: IDBTransaction, { rowID, id, header }: CoValueRow): Promise<Piece> {
  const sessions = await resultOf(
    transaction.objectStore(tables.sessions).index('sessionsByCoValue').getAll(rowID) as IDBRequest<
      SessionRow[]
    >,
  );
  const runs = await Promise.all(sessions.map((session) => readRuns(transaction, session)));
  return { id, header, runs: runs.flat() };
}

/** Ends each run at a stored signature, so that none is lost. */
async function readRuns(
  transaction: IDBTransaction,
  { rowID, sessionID, lastIdx, lastSignature }: SessionRow,
): Promise<readonly Run[]> {
  if (lastIdx === 0) return []; // An IDBKeyRange cannot be empty.
  const range = IDBKeyRange.bound([rowID, 0], [rowID, lastIdx], false, true);
  const inRange = <T>(name: string) =>
    resultOf(transaction.objectStore(name).getAll(range) as IDBRequest<T[]>);
  const [transactions, kept] = await Promise.all([
    inRange<{ readonly tx: Transaction }>(tables.transactions),
    inRange<{ readonly idx: number; readonly signature: Signature }>(tables.signatures),
  ]);
  const ends = kept.map(({ idx, signature }) => ({ end: idx + 1, signature }));
  if (ends.at(-1)?.end !== lastIdx) ends.push({ end: lastIdx, signature: lastSignature });
  return ends.map(({ end, signature }, index) => {
    const after = ends[index - 1]?.end ?? 0;
    return { sessionID, after, transactions: transactions.slice(after, end).map(({ tx }) => tx), signature };
  });
}
