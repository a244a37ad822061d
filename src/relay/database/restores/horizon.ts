/**
 * The transactions that are committed: PostgreSQL's `pg_snapshot`, as text. A sequence or a time would lose the commits that others overtook.
 * It ends with the latest change, because after a crash, PostgreSQL can give a later number again. If many transactions are open, it is
 * shortened, and some of what was committed counts as not committed.
 */
export type Horizon = string;

export const maxHorizonLength = 200;

/** One row with the present `horizon`. Without any row in the log of changes, everything counts as not committed. */
export const presentHorizon = `
  select case when length(concat(since, until, open)) < ${maxHorizonLength - 1} then concat(since, ':', until, ':', open)
    else concat(since, ':', since, ':') end as horizon
  from (
    select least(pg_snapshot_xmin(snapshot), until) as since, until, array_to_string(
      array(select open from pg_snapshot_xip(snapshot) as open where open < until order by open), ','
    ) as open
    from pg_current_snapshot() as snapshot cross join lateral (
      select least(pg_snapshot_xmax(snapshot), coalesce(
        (select (xid::text::int8 + 1)::text::xid8 from relay.changes order by xid desc limit 1), '1'::xid8
      )) as until
    ) as latest
  ) as present`;

/** Whether a row of the log of changes is not within the horizon `$1`. */
export const isNew = `xid >= pg_snapshot_xmin($1::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::pg_snapshot)`;
