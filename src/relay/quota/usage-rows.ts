import { createHash } from 'node:crypto';
import type { Database, Query } from '../database/database.ts';
import type { Amount } from '../storage/stored-amount.ts';

export interface UsageRow extends Amount {
  readonly principal: string;
}

/** An index of PostgreSQL takes no longer entry than 2.7 kB. */
const maxKeyBytes = 1_000;
/** In one statement. */
const maxRows = 1_000;

/** The ID of a principal as it is stored: IDs of tokens can be long, and have any characters. */
export function keyOf(principal: string): string {
  if (Buffer.byteLength(principal) <= maxKeyBytes) return principal;
  return `sha256:${createHash('sha256').update(principal).digest('base64url')}`;
}

const columns = `principal, bytes, covalues as "coValues"`;

export async function readUsage(query: Query, keys: readonly string[]): Promise<ReadonlyMap<string, Amount>> {
  const rows: UsageRow[] = [];
  for (const part of partsOf(keys))
    rows.push(
      ...(await query<UsageRow>(`select ${columns} from relay.usage where principal = any($1::text[])`, [
        part,
      ])),
    );
  return byPrincipal(rows);
}

/** Resolves with the totals, to which other relays add, too. Nothing is added of an account that was erased. Rows are written in order, so that two relays never deadlock. */
export async function addUsage(
  { write }: Pick<Database, 'write'>,
  added: readonly UsageRow[],
): Promise<ReadonlyMap<string, Amount>> {
  if (added.length > maxRows) throw new Error('Too many rows.');
  const rows = [...added].sort((one, other) => (one.principal < other.principal ? -1 : 1));
  const totals = await write<UsageRow>(
    `insert into relay.usage (principal, bytes, covalues)
     select * from unnest($1::text[], $2::float8[], $3::float8[]) as added (principal)
     where not relay.has_erased(array[principal])
     on conflict (principal) do update
       set bytes = usage.bytes + excluded.bytes, covalues = usage.covalues + excluded.covalues
     returning ${columns}`,
    [rows.map(({ principal }) => principal), rows.map(({ bytes }) => bytes), rows.map((row) => row.coValues)],
  );
  return byPrincipal(totals);
}

/** Also as who gets back what deletions take. */
export async function deleteUsage(query: Query, key: string): Promise<void> {
  await query(`delete from relay.usage where principal = $1`, [key]);
  await query(`update relay.deletions set payer = null where payer = $1`, [key]);
}

export function* partsOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += maxRows) yield all.slice(from, from + maxRows);
}

/** Those that have used most bytes, the largest first. */
export function readLargest(query: Query, limit: number): Promise<readonly UsageRow[]> {
  return query<UsageRow>(
    `select ${columns} from relay.usage order by bytes desc, covalues desc, principal limit $1`,
    [limit],
  );
}

function byPrincipal(rows: readonly UsageRow[]): ReadonlyMap<string, Amount> {
  return new Map(rows.map(({ principal, bytes, coValues }) => [principal, { bytes, coValues }]));
}
