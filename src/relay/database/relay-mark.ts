import type { Query } from './database.ts';
import { randomName } from './random-name.ts';
import { sqlStateOf } from './postgres-facts.ts';

/**
 * Rows that only this relay writes, one for each commit that may run at once: each transaction that commits content advances
 * the row of its lane. Once PostgreSQL has gone back to an earlier state, a row is missing or lower than this relay remembers.
 */
export interface RelayMark {
  /** Starts new rows, within a transaction. Other relays may not start theirs at the same time. */
  begin(query: Query): Promise<void>;
  /** Whether the database has everything that this relay committed. */
  isThere(query: Query): Promise<boolean>;
  advance(lane: number): MarkAdvance;
  /** The transaction of the lane's last `advance` was committed. */
  confirm(lane: number): void;
}

export interface MarkAdvance {
  /** The lane's row, and its next value. */
  readonly name: string;
  readonly next: number;
  /** All rows, and the values that they have at least if the database has not gone back. */
  readonly kept: readonly [names: readonly string[], atLeast: readonly number[]];
}

interface Row {
  readonly name: string;
  attempted: number;
  committed: number;
}

const undefinedTable = '42P01';

/** A statement that returns a row if the marks are there. Its parameters are `parametersOf` from `$first` on. */
export function setMark(first: number): string {
  return `update relay.relay_marks set mark = greatest(mark, $${first + 1}), written_at = now()
    where relay = $${first} and not exists (
      select from unnest($${first + 2}::text[], $${first + 3}::int8[]) as kept (relay, mark)
      where not exists (
        select from relay.relay_marks as found where found.relay = kept.relay and found.mark >= kept.mark
      )
    ) returning 1`;
}

export const parametersOf = ({ name, next, kept }: MarkAdvance) => [name, next, ...kept];

export function lackingMark(): Error {
  return new Error('The database lacks what this relay committed before.');
}

/** `lanes`: how many commits may run at once. */
export function createRelayMark(lanes: number): RelayMark {
  let rows: readonly Row[] = [];

  const kept = () => [rows.map(({ name }) => name), rows.map(({ committed }) => committed)] as const;

  return {
    async begin(query) {
      await query(
        `create table if not exists relay.relay_marks (
           relay text primary key,
           mark int8 not null,
           written_at timestamptz not null default now()
         )`,
      );
      // Rows of relays that have ended. One that is still running starts others. A lane may write nothing for long.
      await query(
        `delete from relay.relay_marks where split_part(relay, '.', 1) in (
           select split_part(relay, '.', 1) from relay.relay_marks
           group by 1 having max(written_at) < now() - interval '30 days'
         )`,
      );
      const name = randomName();
      rows = Array.from({ length: lanes }, (_, lane) => ({
        name: `${name}.${lane}`,
        attempted: 0,
        committed: 0,
      }));
      await query(
        `insert into relay.relay_marks (relay, mark) select relay, 0 from unnest($1::text[]) as relay`,
        [rows.map((row) => row.name)],
      );
    },
    async isThere(query) {
      try {
        const lost = await query(
          `select from unnest($1::text[], $2::int8[]) as kept (relay, mark)
           where not exists (select from relay.relay_marks where relay = kept.relay and mark >= kept.mark)`,
          kept(),
        );
        return lost.length === 0;
      } catch (error) {
        if (sqlStateOf(error) === undefinedTable) return false;
        throw error;
      }
    },
    advance(lane) {
      const row = rows[lane];
      if (!row) throw new Error(`There is no lane ${lane}.`);
      return { name: row.name, next: ++row.attempted, kept: kept() };
    },
    confirm(lane) {
      const row = rows[lane];
      if (row) row.committed = row.attempted;
    },
  };
}
