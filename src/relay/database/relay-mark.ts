import type { Query } from './database.ts';
import { randomName } from './random-name.ts';
import { sqlStateOf } from './postgres-facts.ts';

/**
 * A row that only this relay writes, in each transaction that commits content. Once PostgreSQL has gone back to an earlier
 * state, the row is missing or lower than this relay remembers.
 */
export interface RelayMark {
  /** Starts a new row, within a transaction. Other relays may not start theirs at the same time. */
  begin(query: Query): Promise<void>;
  /** Whether the database has everything that this relay committed. */
  isThere(query: Query): Promise<boolean>;
  /** The row's name, its next value, and the value that it has at least if the database has not gone back. */
  advance(): readonly [name: string, next: number, atLeast: number];
  /** The transaction of the last `advance` was committed. */
  confirm(): void;
}

const undefinedTable = '42P01';

export function createRelayMark(): RelayMark {
  let name = '';
  let attempted = 0;
  let committed = 0;

  return {
    async begin(query) {
      await query(
        `create table if not exists relay_marks (
           relay text primary key,
           mark int8 not null,
           written_at timestamptz not null default now()
         )`,
      );
      // Rows of relays that have ended. One that is still running starts another.
      await query(`delete from relay_marks where written_at < now() - interval '30 days'`);
      name = randomName();
      attempted = committed = 0;
      await query(`insert into relay_marks (relay, mark) values ($1, 0)`, [name]);
    },
    async isThere(query) {
      try {
        const rows = await query(`select from relay_marks where relay = $1 and mark >= $2`, [
          name,
          committed,
        ]);
        return rows.length > 0;
      } catch (error) {
        if (sqlStateOf(error) === undefinedTable) return false;
        throw error;
      }
    },
    advance: () => [name, ++attempted, committed],
    confirm() {
      committed = attempted;
    },
  };
}
