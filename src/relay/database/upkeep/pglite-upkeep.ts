import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { PGliteDatabase } from '../pglite-database.ts';
import { findStaleTable, freezeAll, transactionAge, vacuumTable } from './vacuum.ts';

/** Does what PostgreSQL's background processes do, which PGlite lacks: checkpoints and vacuum. */
export interface PGliteUpkeep {
  /** The database was asked something. Nothing is done before the first time. */
  used(): void;
  /** The length of the log since the last checkpoint, as last seen. */
  readonly logBytes: number | undefined;
  stop(): void;
}

export interface PGliteUpkeepOptions {
  readonly database: Pick<PGliteDatabase, 'query' | 'maintain'>;
  /** Vacuum writes, so it waits for room on the disk. */
  hasRoom(): boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

const lookEveryMs = 1_000;
/** A checkpoint of so much log takes less than 0.2 s, in which no client is served. */
const maxLogBytes = 64_000_000;
const maxLogMs = 300_000;
/** Recovering less takes no time. */
const minLogBytes = 1_000_000;
/** Vacuum may take seconds, so it waits until the database is idle, or is in much greater need. */
const idleLimits = { share: 0.2, age: 100_000_000 };
const busyLimits = { share: 0.4, age: 1_000_000_000 };
/** While the database is busy, and for a table that does not get better. */
const vacuumEveryMs = 60_000;

export function createPGliteUpkeep({ database, hasRoom, clock, logger }: PGliteUpkeepOptions): PGliteUpkeep {
  let isUsed = false;
  let isLooking = false;
  let isStopped = false;
  let next: { readonly isSoon: boolean; readonly cancel: () => void } | undefined;
  let logBytesAtLast: number | undefined;
  let checkpointAtMs = clock.elapsedMs();
  let soughtAtMs = clock.elapsedMs();
  const vacuumedAtMs = new Map<string, number>();

  function lookIn(ms: number): void {
    next?.cancel();
    next = { isSoon: ms <= lookEveryMs, cancel: clock.after(ms, () => void look()) };
  }

  /** Looks each second while the database is used, once after that, and then when a checkpoint is due. */
  async function look(): Promise<void> {
    next = undefined;
    const isIdle = !isUsed;
    isUsed = false;
    isLooking = true;
    let logBytes = 0;
    try {
      logBytes = await keepLogShort();
      // Of a large table, it writes much log.
      if (await vacuum(isIdle)) logBytes = await keepLogShort();
      logBytesAtLast = logBytes;
    } catch (error) {
      if (!isStopped) logger.warn('The upkeep of the database failed; trying again later', { error });
    }
    isLooking = false;
    if (isStopped) return;
    if (isUsed || !isIdle) lookIn(lookEveryMs);
    else if (logBytes >= minLogBytes)
      lookIn(Math.max(lookEveryMs, checkpointAtMs + maxLogMs - clock.elapsedMs()));
  }

  /** Resolves with the length of the log since the last checkpoint. */
  async function keepLogShort(): Promise<number> {
    const [log] = await database.query<{ bytes: number }>(
      `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`,
    );
    const bytes = log?.bytes ?? 0;
    const isOld = clock.elapsedMs() - checkpointAtMs >= maxLogMs;
    if (bytes < (isOld ? minLogBytes : maxLogBytes)) return bytes;
    await database.query('checkpoint');
    checkpointAtMs = clock.elapsedMs();
    return 0;
  }

  /** Resolves with whether there was something to do. */
  async function vacuum(isIdle: boolean): Promise<boolean> {
    const nowMs = clock.elapsedMs();
    if (!hasRoom() || (!isIdle && nowMs - soughtAtMs < vacuumEveryMs)) return false;
    soughtAtMs = nowMs;
    const limits = isIdle ? idleLimits : busyLimits;
    if ((await transactionAge(database)) > limits.age) {
      await freezeAll(database);
      return true;
    }
    const table = await findStaleTable(database, limits.share);
    if (table === undefined || nowMs - (vacuumedAtMs.get(table) ?? -Infinity) < vacuumEveryMs) return false;
    vacuumedAtMs.set(table, nowMs);
    await vacuumTable(database, table);
    // There may be more to do, unless a client is waiting.
    if (isIdle && !isUsed && !isStopped) await vacuum(isIdle);
    return true;
  }

  return {
    get logBytes() {
      return logBytesAtLast;
    },
    used() {
      isUsed = true;
      if (!isLooking && !isStopped && !next?.isSoon) lookIn(lookEveryMs);
    },
    stop() {
      isStopped = true;
      next?.cancel();
    },
  };
}
