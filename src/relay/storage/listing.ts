import type { StorageAPI } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { RawCoID } from '../../engine/content.ts';

/** Lists stored CoValues. `read` retries until it succeeds. */
export function createListing(
  database: Database,
  read: <T>(readNow: () => Promise<T>) => Promise<T>,
  logger: Logger,
): Pick<StorageAPI, 'getCoValueIDs' | 'getCoValueCount'> {
  return {
    getCoValueIDs(limit, offset, callback) {
      const page = `select id from relay.covalues order by id limit $1 offset $2`;
      read(() => database.query<{ id: RawCoID }>(page, [limit, offset])).then(
        (rows) => callback([...rows]),
        (error: unknown) => logger.warn('Could not list the stored CoValues', { error }),
      );
    },
    getCoValueCount(callback) {
      const count = `select count(*)::int4 as count from relay.covalues`;
      read(() => database.query<{ count: number }>(count)).then(
        ([row]) => callback(row?.count ?? 0),
        (error: unknown) => logger.warn('Could not count the stored CoValues', { error }),
      );
    },
  };
}
