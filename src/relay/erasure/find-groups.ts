import type { Query } from '../database/database.ts';

export interface FindGroupsOptions {
  readonly query: Query;
  /** Lets others work. Rejects to stop. */
  pause(): Promise<void>;
}

/** A statement looks through no more than that. */
const coValuesPerStatement = 2_000;
const transactionsPerStatement = 2_000;
const bytesPerStatement = 1_000_000;

const namePattern = 'co_z[1-9A-HJ-NP-Za-km-z]+';
/** JSON can write each character as an escape, and the changes of a transaction are JSON in JSON. */
const hasEscape = `position('\\\\u' in tx) > 0`;

/** The next CoValues by ID after $1, at least one. */
const pageOfHeaders = `page as (
  select id, header from (
    select id, header, sum(octet_length(header)) over (order by id) - octet_length(header) as before
    from (select id, header from relay.covalues where id > $1 order by id limit ${coValuesPerStatement}) as stored
  ) as sized where before < ${bytesPerStatement}
)`;

interface Group {
  readonly id: string;
  readonly transactions: number;
  readonly isNamedInHeader: boolean;
}

export interface Named {
  /** The transactions are looked for that name any of these and have `needle`, which is the beginning of a name or part of it. */
  readonly ids: ReadonlySet<string>;
  readonly needle?: string;
  /** Also groups that name one of these in their header. */
  readonly inHeader?: readonly string[];
}

/**
 * The groups, accounts included, that name any of these. Also groups that are too large for a statement, or write names with
 * escapes: so a caller looks at each one, in pieces.
 */
export async function* groupsNaming(named: Named, options: FindGroupsOptions): AsyncGenerator<string> {
  const { inHeader = [] } = named;
  let chunk: string[] = [];
  let transactions = 0;
  for await (const group of storedGroups(inHeader, options)) {
    if (group.isNamedInHeader || group.transactions > transactionsPerStatement) {
      yield group.id;
      continue;
    }
    if (transactions + group.transactions > transactionsPerStatement) {
      yield* searchIn(chunk, named, options);
      chunk = [];
      transactions = 0;
    }
    chunk.push(group.id);
    transactions += group.transactions;
  }
  yield* searchIn(chunk, named, options);
}

async function* searchIn(
  groupIDs: readonly string[],
  { ids, needle = 'co_z' }: Named,
  { query, pause }: FindGroupsOptions,
): AsyncGenerator<string> {
  const sizes = await query<{ id: string; bytes: number }>(
    `select covalue_id as id, sum(octet_length(tx))::float8 as bytes from relay.transactions
     where covalue_id = any($1::text[]) group by covalue_id`,
    [groupIDs],
  );
  let part: string[] = [];
  let partBytes = 0;
  for (const { id, bytes } of sizes) {
    if (bytes > bytesPerStatement) {
      yield id;
      continue;
    }
    if (partBytes + bytes > bytesPerStatement) {
      yield* await search();
      part = [];
      partBytes = 0;
    }
    part.push(id);
    partBytes += bytes;
  }
  yield* await search();

  /** The names are compared here: there can be very many IDs. */
  async function search(): Promise<ReadonlySet<string>> {
    if (part.length === 0) return new Set();
    const found = await query<{ id: string; name: string | null }>(
      `select distinct covalue_id as id, case when ${hasEscape} then null else names[1] end as name
       from relay.transactions left join lateral regexp_matches(tx, '${namePattern}', 'g') as matches (names) on true
       where covalue_id = any($1::text[]) and (position($2 in tx) > 0 or ${hasEscape})`,
      [part, needle],
    );
    await pause();
    return new Set(found.flatMap(({ id, name }) => (name === null || ids.has(name) ? [id] : [])));
  }
}

async function* storedGroups(
  inHeader: readonly string[],
  { query, pause }: FindGroupsOptions,
): AsyncGenerator<Group> {
  for (let after: string | null = ''; after !== null;) {
    const rows: readonly (Group & { last: string | null })[] = await query(
      `with ${pageOfHeaders}, found as (
         select id,
           exists (select from unnest($2::text[]) as own (name) where position(name in header) > 0) as "isNamedInHeader",
           (select coalesce(sum(last_idx), 0)::float8 from relay.sessions where covalue_id = page.id) as transactions
         from page where header like '%"type":"group"%'
       )
       select (select max(id) from page) as last, found.* from (select) as one left join found on true`,
      [after, inHeader],
    );
    for (const row of rows) if (row.id) yield row;
    after = rows[0]?.last ?? null;
    await pause();
  }
}

/** The origins of branches, by their headers. */
export async function* branches({
  query,
  pause,
}: FindGroupsOptions): AsyncGenerator<{ readonly id: string; readonly source: string }> {
  for (let after: string | null = ''; after !== null;) {
    const rows: readonly { last: string | null; id: string | null; source: string }[] = await query(
      `with ${pageOfHeaders}, found as (
         select id, names[1] as source from page, regexp_matches(header, '"source":"(${namePattern})"', 'g') as matches (names)
         where header like '%"source":"co\\_z%'
       )
       select (select max(id) from page) as last, found.* from (select) as one left join found on true`,
      [after],
    );
    for (const { id, source } of rows) if (id !== null) yield { id, source };
    after = rows[0]?.last ?? null;
    await pause();
  }
}
