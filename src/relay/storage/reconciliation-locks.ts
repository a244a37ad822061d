import { cojsonInternals, type StorageAPI, type StorageReconciliationAcquireResult } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';

type ReconciliationLocks = Pick<
  StorageAPI,
  | 'tryAcquireStorageReconciliationLock'
  | 'renewStorageReconciliationLock'
  | 'releaseStorageReconciliationLock'
>;

interface LockRow {
  readonly holder: string;
  readonly acquiredAtMs: number;
  readonly releasedAtMs: number | null;
  readonly offset: number;
}

/** Locks for comparing the whole storage with an upstream server: only one node does so at a time, and rarely. */
export function createReconciliationLocks(
  database: Database,
  clock: Clock,
  logger: Logger,
): ReconciliationLocks {
  const { LOCK_TTL_MS, RECONCILIATION_INTERVAL_MS } = cojsonInternals.STORAGE_RECONCILIATION_CONFIG;
  let last: Promise<unknown> = Promise.resolve();
  const warn = (error: unknown) => logger.warn('Could not update a reconciliation lock', { error });

  function acquire(sessionID: string, peerID: string): Promise<StorageReconciliationAcquireResult> {
    return database.transaction(async (query) => {
      const nowMs = clock.nowMs();
      const [row] = await query<LockRow>(
        `select holder_session_id as holder, acquired_at_ms as "acquiredAtMs", released_at_ms as "releasedAtMs",
           last_processed_offset as offset
         from reconciliation_locks where peer_id = $1 for update`,
        [peerID],
      );
      if (row && row.releasedAtMs !== null && nowMs - row.releasedAtMs < RECONCILIATION_INTERVAL_MS) {
        return { acquired: false, reason: 'not_due' };
      }
      const isHeld = row && row.releasedAtMs === null;
      if (isHeld && row.holder !== sessionID && row.acquiredAtMs + LOCK_TTL_MS >= nowMs) {
        return { acquired: false, reason: 'lock_held' };
      }
      const lastProcessedOffset = isHeld ? row.offset : 0;
      await query(
        `insert into reconciliation_locks
           (peer_id, holder_session_id, acquired_at_ms, released_at_ms, last_processed_offset)
         values ($1, $2, $3, null, $4)
         on conflict (peer_id) do update set holder_session_id = excluded.holder_session_id,
           acquired_at_ms = excluded.acquired_at_ms, released_at_ms = null,
           last_processed_offset = excluded.last_processed_offset`,
        [peerID, sessionID, nowMs, lastProcessedOffset],
      );
      return { acquired: true, lastProcessedOffset };
    });
  }

  /** Keeps the order: with several connections, a later request could overtake a renewal. */
  function inOrder(run: () => Promise<unknown>): void {
    last = last.then(run).catch(warn);
  }

  return {
    tryAcquireStorageReconciliationLock(sessionID, peerID, callback) {
      inOrder(async () => {
        const result = await acquire(sessionID, peerID).catch((error: unknown) => {
          warn(error);
          return { acquired: false, reason: 'lock_held' } as const;
        });
        callback(result);
      });
    },
    renewStorageReconciliationLock(sessionID, peerID, offset) {
      inOrder(() =>
        database.query(
          `update reconciliation_locks set last_processed_offset = $3
           where peer_id = $1 and holder_session_id = $2 and released_at_ms is null`,
          [peerID, sessionID, offset],
        ),
      );
    },
    releaseStorageReconciliationLock(sessionID, peerID) {
      inOrder(() =>
        database.query(
          `update reconciliation_locks set released_at_ms = $3, last_processed_offset = 0
           where peer_id = $1 and holder_session_id = $2`,
          [peerID, sessionID, clock.nowMs()],
        ),
      );
    },
  };
}
