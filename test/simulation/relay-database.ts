import type { Clock } from '../../src/base/clock.ts';
import type { Database, Query } from '../../src/relay/database/database.ts';
import type { Dice } from './random.ts';
import { runStatement } from './relay-statements.ts';
import { openTables, type OpenTables, type Tables } from './relay-tables.ts';

/** The disk of one relay, which outlives its processes. */
export interface RelayDisk {
  /** The last committed state. A restore replaces it with an older one. */
  tables: Tables;
}

/** One process's connection to the disk. */
export interface RelayDatabase extends Database {
  /** While true, every statement rejects. */
  isFailing: boolean;
  /** Ends the process: pending statements never settle, and open transactions are lost. */
  kill(): void;
}

const statementMs = 2;
const commitMs = 15;
/** No operator, no receipt and no erasure is here. These statements take no time, so that each seed keeps the history that it was chosen for. */
const unused =
  /^(?:create table if not exists relay\.(?:storage_marks|erasures|erased|certificates)|do \$do\$|select kind, id, reason|select id, account_id|with added as \(\s+insert into relay\.storage_marks|select number, name from|select secret)/;

export function openRelayDatabase(disk: RelayDisk, clock: Clock, dice: Dice): RelayDatabase {
  let isKilled = false;
  let isFailing = false;
  /** Transactions run one after the other, as in PGlite. */
  let last: Promise<unknown> = Promise.resolve();

  /** Never settles if the process is killed meanwhile. */
  async function wait(longestMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (!isKilled) clock.after(dice.between(0, longestMs), () => void (isKilled || resolve()));
    });
    if (isFailing) throw new Error('The disk of this relay fails.');
  }

  function queryOn(tables: () => OpenTables): Query {
    return async <Row>(sql: string, parameters: readonly unknown[] = []) => {
      if (!unused.test(sql)) await wait(statementMs);
      return runStatement(tables(), sql, parameters) as readonly Row[];
    };
  }

  function transaction<T>(run: (query: Query) => Promise<T>): Promise<T> {
    const ran = last.then(async () => {
      const tables = openTables(disk.tables);
      const result = await run(queryOn(() => tables));
      await wait(commitMs);
      disk.tables = tables;
      // A process may end before its commit is acknowledged.
      await wait(statementMs);
      return result;
    });
    last = ran.catch(() => {});
    return ran;
  }

  const write: Query = (sql, parameters) =>
    unused.test(sql) ? read(sql, parameters) : transaction((query) => query(sql, parameters));
  return {
    durability: 'process-crash',
    /** Statements outside a transaction may write, too: those that mark CoValues as synced. */
    query: (sql, parameters) => (sql.startsWith('select') ? read(sql, parameters) : write(sql, parameters)),
    write,
    transaction,
    close: () => Promise.resolve(),
    get isFailing() {
      return isFailing;
    },
    set isFailing(fails) {
      isFailing = fails;
    },
    kill: () => void (isKilled = true),
  };

  function read<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]> {
    return queryOn(() => openTables(disk.tables))<Row>(sql, parameters);
  }
}
