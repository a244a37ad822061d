import type { Database, Query } from '../database.ts';
import { randomName } from '../random-name.ts';
import { createMarks, lockForMigration } from '../schema.ts';

/** One of the numbered marks in the database. A storage that went back to an earlier state lacks the latest ones. */
export interface StorageMark {
  readonly number: number;
  readonly name: string;
}

/** Two days of edits without a pause. */
export const keptMarks = 20_000;

/** For a database that was restored from a time before the table. */
export async function prepareMarks(database: Pick<Database, 'transaction'>): Promise<void> {
  await database.transaction(async (query) => {
    await lockForMigration(query);
    await query(createMarks);
  });
}

/**
 * Resolves with the latest mark, which covers all that was committed before the call. PostgreSQL has flushed it, however it is
 * configured: a client may get it, and would take its loss for one of content.
 */
export async function addMark({ query, write }: Pick<Database, 'query' | 'write'>): Promise<StorageMark> {
  // In a conflict, another relay has just added a mark, and this statement has waited for its commit.
  await write(
    `with added as (
       insert into relay.storage_marks (number, name) select coalesce(max(number), 0) + 1, $1 from relay.storage_marks
       on conflict do nothing
       returning number, set_config('synchronous_commit', 'on', true)
     )
     delete from relay.storage_marks where number <= (select number from added) - $2`,
    [randomName(), keptMarks],
  );
  const [mark] = await query<StorageMark>(
    `select number, name from relay.storage_marks order by number desc limit 1`,
  );
  if (!mark) throw new Error('The table storage_marks is empty.');
  return mark;
}

/** True also for a mark so old that it is not kept any more. */
export async function hasMark(query: Query, { number, name }: StorageMark): Promise<boolean> {
  const [found] = await query<{ isThere: boolean }>(
    `select coalesce(
       (select name = $2 from relay.storage_marks where number = $1),
       (select min(number) > $1 from relay.storage_marks),
       false
     ) as "isThere"`,
    [number, name],
  );
  return found?.isThere === true;
}

/** Whether a relay has served the storage. */
export async function hasMarks(query: Query): Promise<boolean> {
  return (await query(`select from relay.storage_marks limit 1`)).length > 0;
}

export interface MarksRead {
  /** The latest one. Undefined in a storage without any. */
  readonly latest: StorageMark | undefined;
  /** Those with the given numbers that are kept. */
  readonly earlier: readonly StorageMark[];
}

export async function readMarks(query: Query, numbers: readonly number[]): Promise<MarksRead> {
  const marks = await query<StorageMark>(
    `select number, name from relay.storage_marks
     where number = any($1::int8[]) or number = (select max(number) from relay.storage_marks) order by number desc`,
    [numbers],
  );
  const asked = new Set(numbers);
  return { latest: marks[0], earlier: marks.filter(({ number }) => asked.has(number)) };
}
