import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Query } from '../database/database.ts';
import { isNew, presentHorizon, type Horizon } from '../database/restores/horizon.ts';
import { beginLog } from '../database/schema.ts';

/** What relays committed, as read from the storage. The log is kept for a day. */
export interface ChangeLog {
  /** What was committed since the last reading. Undefined if that is too much, or not known: anything may have changed. */
  read(): Promise<readonly Change[] | undefined>;
  /** How long ago it was last read. */
  ageMs(): number;
  /** The storage went back to an earlier state: the next reading starts anew. */
  reset(): void;
  stop(): void;
}

/** Content of a CoValue was committed: this many transactions of a session in all, or its header alone. */
export interface Change {
  readonly id: string;
  /** Empty for a header. */
  readonly sessionID: string;
  readonly count: number;
  /** Names the client that pushed it over HTTP. */
  readonly pushedBy: string | null;
}

interface Row extends Change {
  readonly horizon: Horizon;
}

const maxChanges = 50_000;
const keptHours = 24;
/** Well below the time for which changes are kept. */
const validMs = 12 * 3_600_000;
const trimMs = 600_000;
const transactionsPerTrim = 1_000;

export function createChangeLog(query: Query, clock: Clock, logger: Logger): ChangeLog {
  /** Of the last reading. */
  let horizon: Horizon | undefined;
  let readAtMs = clock.nowMs();
  let isStopped = false;
  let cancel = clock.after(trimMs, () => void trim());

  async function readSince(since: string): Promise<readonly Change[] | undefined> {
    const rows = await query<Row>(
      `with since as (
         select covalue_id as id, session_id as "sessionID", max(after + count) as count,
           pushed_by as "pushedBy" from relay.changes
         where ${isNew} and covalue_id <> ''
         group by covalue_id, session_id, pushed_by limit ${maxChanges + 1}
       )
       select present.horizon, since.* from (${presentHorizon}) as present left join since on true`,
      [since],
    );
    horizon = rows[0]?.horizon;
    if (rows.length > maxChanges) return undefined;
    // Without a change, one row carries the horizon alone.
    return rows.filter(({ id }: { readonly id: string | null }) => id !== null);
  }

  async function begin(): Promise<undefined> {
    const [row] = await query<{ horizon: Horizon }>(presentHorizon);
    horizon = row?.horizon;
  }

  async function trim(): Promise<void> {
    try {
      // Keeps the last of the old transactions: the log has all that followed it.
      for (let count = 1; count > 0 && !isStopped;) {
        const rows = await query(
          `delete from relay.changes where xid < (
             select xid from (
               select xid, min(at) as at from relay.changes group by xid order by xid limit ${transactionsPerTrim}
             ) as oldest
             where at < now() - interval '${keptHours} hours' order by xid desc limit 1
           ) returning 1`,
        );
        count = rows.length;
      }
      // From a dump of a server whose transactions had higher numbers. Each reading would return them.
      await query(`delete from relay.changes where xid >= pg_snapshot_xmax(pg_current_snapshot())`);
      await query(beginLog);
    } catch (error) {
      logger.debug('Could not trim the log of changes; trying again later', { error });
    }
    if (!isStopped) cancel = clock.after(trimMs, () => void trim());
  }

  return {
    async read() {
      const nowMs = clock.nowMs();
      const isValid = nowMs - readAtMs < validMs;
      const changes = await (horizon !== undefined && isValid ? readSince(horizon) : begin());
      readAtMs = nowMs;
      return changes;
    },
    ageMs: () => clock.nowMs() - readAtMs,
    reset() {
      horizon = undefined;
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
