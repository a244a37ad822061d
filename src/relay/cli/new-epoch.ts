import type { Logger } from '../../base/logger.ts';
import { openTables, readStoragePlace, refuseMemory, refuseMissing } from '../database/storage-place.ts';
import { trackStorage } from '../database/storage-track.ts';
import { notifyRenewal } from '../bus/postgres-transport.ts';

/**
 * Gives the storage a new epoch, so that its clients compare everything with it again. Running relays on a PostgreSQL database are
 * notified. Resolves with the text for standard output.
 */
export async function giveNewEpoch(storage: string, logger: Logger, appID?: string): Promise<string> {
  const place = readStoragePlace(storage);
  refuseMemory(place);
  await refuseMissing(place);
  const database = await openTables(place, appID, logger);
  try {
    const track = await trackStorage(database, () => {});
    await track.renew();
    if (database.listen) await notifyRenewal(database.listen);
  } finally {
    await database.close();
  }
  return 'The storage has a new epoch. Clients compare everything with it again.';
}
