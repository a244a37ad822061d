import type { Database } from '../../../src/relay/database/database.ts';
import { openStoragePlace } from '../../../src/relay/database/storage-place.ts';
import { createRelayOn } from '../../../src/relay/relay.ts';
import type { Counts } from '../../long/ledger.ts';
import { readStoredCounts } from '../../long/stored-counts.ts';

/** A relay of this process on one port, whose rows a test can read while it runs. */
export interface RelayWithRows {
  readonly port: number;
  /** The transaction counts in the rows. */
  readCounts(): Promise<Counts>;
  /** Starts again with an empty storage. */
  lose(): Promise<void>;
  close(): Promise<void>;
}

export async function startRelayWithRows(): Promise<RelayWithRows> {
  let database: Database | undefined;
  const start = (onPort: number) =>
    createRelayOn(
      async (place, logger) => {
        database = await openStoragePlace(place, logger);
        return database;
      },
      { port: onPort, storage: 'memory:', drainMs: 0 },
    );
  let relay = await start(0);
  const port = Number(new URL(relay.url).port);
  return {
    port,
    async readCounts() {
      if (!database) throw new Error('The relay has no database.');
      return readStoredCounts(database.query);
    },
    async lose() {
      await relay.close();
      relay = await start(port);
    },
    close: () => relay.close(),
  };
}
