import { hasDatabase } from '../../storage/account-database.ts';
import { deviceDatabase } from '../device/device-database.ts';

/**
 * Begins to load what an open account needs while the page still finds out whose account it opens. A device that never had one
 * fetches nothing. Never rejects: a failure is reported by whoever needs it.
 */
export async function loadEarly(
  indexedDB: Pick<IDBFactory, 'databases'> | undefined,
  load: () => Promise<unknown>,
): Promise<void> {
  if (indexedDB && (await hasDatabase(indexedDB, deviceDatabase.name))) await load().catch(() => {});
}
