import type { Database, Query } from '../database/database.ts';
import { maxRestrictions, type RestrictedTarget, type Restriction } from './restriction.ts';

/** What has ended stays so long, because the clocks of relays may differ. */
const keptMs = 86_400_000;

export function readRestrictions(query: Query): Promise<readonly Restriction[]> {
  return query<Restriction>(
    `select kind, id, reason, until_ms as "untilMs", since_ms as "sinceMs" from relay.restrictions
     order by since_ms, kind, id`,
  );
}

/** Replaces an earlier one of the same target. Resolves with false if there are `maxRestrictions` already. */
export async function storeRestriction(
  { write }: Pick<Database, 'write'>,
  { kind, id, reason, untilMs, sinceMs }: Restriction,
): Promise<boolean> {
  await write(`delete from relay.restrictions where until_ms > 0 and until_ms <= $1`, [sinceMs - keptMs]);
  const stored = await write(
    `insert into relay.restrictions (kind, id, reason, until_ms, since_ms)
     select $1::text, $2::text, $3::text, $4::float8, $5::float8
     where (select count(*) from relay.restrictions where (kind, id) <> ($1::text, $2::text)
       and (until_ms = 0 or until_ms > $5::float8)) < ${maxRestrictions}
     on conflict (kind, id) do update
       set reason = excluded.reason, until_ms = excluded.until_ms, since_ms = excluded.since_ms
     returning 1`,
    [kind, id, reason, untilMs, sinceMs],
  );
  return stored.length > 0;
}

/** Resolves with false if there is none. */
export async function deleteRestriction(
  { write }: Pick<Database, 'write'>,
  { kind, id }: RestrictedTarget,
): Promise<boolean> {
  const deleted = await write(`delete from relay.restrictions where kind = $1 and id = $2 returning 1`, [
    kind,
    id,
  ]);
  return deleted.length > 0;
}
