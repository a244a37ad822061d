import { silentLogger } from '../../src/base/logger.ts';
import type { Database } from '../../src/relay/database/database.ts';
import { openStoragePlace, readStoragePlace } from '../../src/relay/database/storage-place.ts';

/** Opens the database of a storage that no relay uses, and closes it again. */
export async function inDatabase<T>(storage: string, use: (database: Database) => Promise<T>): Promise<T> {
  const database = await openStoragePlace(readStoragePlace(storage), silentLogger, { statementMs: 120_000 });
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}
