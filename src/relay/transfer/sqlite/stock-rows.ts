import { findTable, type Row, type Table } from '../tables.ts';
import type { Sqlite } from './open-sqlite.ts';
import type { Damaged, StockChecks } from './stock-checks.ts';

export interface StockRow {
  readonly table: Table;
  readonly row: Row;
  readonly bytes: number;
}

interface Session {
  readonly id: string;
  readonly key: number;
  readonly sessionID: string;
  readonly count: number;
  readonly signature: string;
  readonly bytes: number;
}

interface Part {
  readonly table: Table;
  readonly stockTable: string;
  readonly count: number;
  /** All rows but the first `skip`. */
  rows(skip: number): Generator<Row>;
}

/** Reads a database of cojson's SQLite storage as rows of the relay's tables, and validates each row. */
export function createStockRows(sqlite: Sqlite, checks: StockChecks, damaged: Damaged) {
  const has = (table: string) => sqlite.tables.has(table);
  const headers = sqlite.prepare('select rowID, id, header from coValues order by id limit -1 offset ?');
  // The rows come in the order of this join: sorting the transactions would require space for all of them.
  const sessions = sqlite.prepare(
    `select id, s.rowID, sessionID, lastIdx, lastSignature, bytesSinceLastSignature
     from coValues as c cross join sessions as s on s.coValue = c.rowID order by id, sessionID`,
  );
  const transactions = sqlite.prepare(
    'select idx, tx from transactions where ses = ? and idx >= ? order by idx',
  );
  const signatures = sqlite.prepare('select idx, signature from signatureAfter where ses = ? order by idx');

  const parts: readonly Part[] = [
    part('covalues', 'coValues', function* (skip) {
      for (const [key, id, header] of headers(skip)) {
        const name = `row ${Number(key)} of coValues`;
        const coValueID = checks.coValueID(id, name);
        yield [coValueID, checks.header(header, coValueID, name)];
      }
    }),
    part('sessions', 'sessions', function* (skip) {
      for (const { id, sessionID, count, signature, bytes } of dropFirst(readSessions(), skip)) {
        yield [id, sessionID, count, signature, bytes];
      }
    }),
    part('transactions', 'transactions', function* (skip) {
      for (const session of readSessions()) {
        const from = Math.min(skip, session.count);
        skip -= from;
        yield* transactionsOf(session, from);
      }
    }),
    part('signatures', 'signatureAfter', function* (skip) {
      yield* dropFirst(readSignatures(), skip);
    }),
    part('deletions', 'deletedCoValues', function* (skip) {
      if (has('deletedCoValues')) yield* dropFirst(readDeletions(), skip);
    }),
  ];

  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    *rows(skip: number): Generator<StockRow> {
      for (const { table, stockTable, count, rows } of parts) {
        const skipped = Math.min(skip, count);
        skip -= skipped;
        let found = skipped;
        if (skipped === count && skipped > 0) continue;
        for (const row of rows(skipped)) {
          found++;
          yield { table, row, bytes: bytesOf(row) };
        }
        if (found !== count)
          throw damaged(
            `table ${stockTable}`,
            `${count - found} of its rows ${count - found === 1 ? 'is' : 'are'} orphaned`,
          );
      }
    },
  };

  function part(name: string, stockTable: string, rows: Part['rows']): Part {
    const count = has(stockTable) ? Number(sqlite.value(`select count(*) from ${stockTable}`)) : 0;
    return { table: findTable(name), stockTable, count, rows };
  }

  function* readSessions(): Generator<Session> {
    for (const [id, key, sessionID, count, signature, bytes] of sessions()) {
      const name = `row ${Number(key)} of sessions`;
      yield {
        id: checks.coValueID(id, name),
        key: Number(key),
        sessionID: checks.sessionID(sessionID, name),
        count: checks.count(count, name),
        signature: checks.signature(signature, name),
        // Sessions written before cojson stored signatures lack this number; cojson reads it as 0.
        bytes: checks.count(bytes ?? 0, name),
      };
    }
  }

  function* transactionsOf({ id, key, sessionID, count }: Session, from: number): Generator<Row> {
    let next = from;
    for (const [idx, tx] of transactions(key, from)) {
      const name = `row ses=${key}, idx=${Number(idx)} of transactions`;
      if (idx !== next) throw damaged(`row ${key} of sessions`, `its transaction ${next} is missing`);
      if (next >= count) throw damaged(name, `its index is beyond the end of its session`);
      yield [id, sessionID, next++, checks.transaction(tx, id, sessionID, name)];
    }
    if (next !== count) throw damaged(`row ${key} of sessions`, `its transaction ${next} is missing`);
  }

  function* readSignatures(): Generator<Row> {
    for (const { id, key, sessionID, count } of readSessions()) {
      for (const [idx, signature] of signatures(key)) {
        const name = `row ses=${key}, idx=${Number(idx)} of signatureAfter`;
        const at = checks.count(idx, name);
        if (at >= count) throw damaged(name, `its index is beyond the end of its session`);
        yield [id, sessionID, at, checks.signature(signature, name)];
      }
    }
  }

  function* readDeletions(): Generator<Row> {
    const deletions = sqlite.prepare(
      `select coValueID, status, exists (select 1 from coValues where id = coValueID)
       from deletedCoValues order by coValueID`,
    );
    for (const [id, status, exists] of deletions()) {
      const name = `a row of deletedCoValues`;
      const coValueID = checks.coValueID(id, name);
      if (exists !== 1) throw damaged(`row ${coValueID} of deletedCoValues`, 'its CoValue does not exist');
      if (status !== 0 && status !== 1)
        throw damaged(`row ${coValueID} of deletedCoValues`, 'its status is unknown');
      yield [coValueID, status === 1];
    }
  }
}

function* dropFirst<T>(values: Iterable<T>, count: number): Generator<T> {
  for (const value of values) if (count-- <= 0) yield value;
}

function bytesOf(row: Row): number {
  return row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0);
}
