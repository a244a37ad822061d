import type { StorageAPI } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import type { RawCoID } from '../../engine/content.ts';

/** What there is in the storage, for who goes through all of it. `read` reads until it succeeds. */
export function createListing(
  database: Database,
  read: <T>(readNow: () => Promise<T>) => Promise<T>,
  logger: Logger,
): Pick<StorageAPI, 'getCoValueIDs' | 'getCoValueCount'> {
  return {
    getCoValueIDs(limit, offset, callback) {
      const page = `select id from covalues order by id limit $1 offset $2`;
      read(() => database.query<{ id: RawCoID }>(page, [limit, offset])).then(
        (rows) => callback([...rows]),
        (error: unknown) => logger.warn('The stored CoValues could not be listed', { error }),
      );
    },
    getCoValueCount(callback) {
      const count = `select count(*)::int4 as count from covalues`;
      read(() => database.query<{ count: number }>(count)).then(
        ([row]) => callback(row?.count ?? 0),
        (error: unknown) => logger.warn('The stored CoValues could not be counted', { error }),
      );
    },
  };
}
