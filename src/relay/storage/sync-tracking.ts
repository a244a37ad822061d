import type { StorageAPI } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { RawCoID } from '../../engine/content.ts';

type SyncTracking = Pick<
  StorageAPI,
  'trackCoValuesSyncState' | 'getUnsyncedCoValueIDs' | 'stopTrackingSyncState'
>;

/** Tracks what an upstream server lacks. Updates keep their order, because cojson stops and restarts tracking. */
export function createSyncTracking({ query }: Database, logger: Logger): SyncTracking {
  let last: Promise<void> = Promise.resolve();

  function inOrder(action: string, run: () => Promise<void>): void {
    last = last.then(run).catch((error: unknown) => logger.warn(`Could not ${action}`, { error }));
  }

  return {
    trackCoValuesSyncState(updates, done) {
      inOrder('update the sync state of CoValues', async () => {
        for (const { id, peerId, synced } of updates) {
          await query(
            synced
              ? `delete from unsynced where covalue_id = $1 and peer_id = $2`
              : `insert into unsynced (covalue_id, peer_id) values ($1, $2) on conflict do nothing`,
            [id, peerId],
          );
        }
        done?.();
      });
    },
    getUnsyncedCoValueIDs(callback) {
      inOrder('read the unsynced CoValues', async () => {
        const rows = await query<{ id: RawCoID }>(
          `select distinct covalue_id as id from unsynced order by id`,
        );
        callback(rows.map(({ id }) => id));
      });
    },
    stopTrackingSyncState(id) {
      inOrder('stop tracking a CoValue', async () => {
        await query(`delete from unsynced where covalue_id = $1`, [id]);
      });
    },
  };
}
