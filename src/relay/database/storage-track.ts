import type { Database, Query } from './database.ts';
import { createRelayMark, type RelayMark } from './relay-mark.ts';
import {
  lockForMigration,
  prepareSchema,
  readStorageState,
  renewEpoch,
  type StorageIdentity,
} from './schema.ts';

/** Which storage this relay serves, and whether it still is that one. */
export interface StorageTrack {
  readonly identity: StorageIdentity;
  /** Absent if the database cannot go back under a running relay. */
  readonly mark: RelayMark | undefined;
  /**
   * Resolves with false if the database is another one or went back to an earlier state, and `identity` then has another ID or
   * epoch. Rejects if the database cannot be read; call it again.
   */
  compare(): Promise<boolean>;
}

/** Migrates the tables. `renewed` is called within the transaction that gives the storage another epoch. */
export async function trackStorage(
  database: Database,
  renewed: (query: Query) => Promise<void>,
): Promise<StorageTrack> {
  let state = await prepareSchema(database);
  const mark = database.incarnation && createRelayMark();
  if (mark) {
    await database.transaction(async (query) => {
      await lockForMigration(query);
      await mark.begin(query);
    });
  }

  /** All relays on the database find that it went back. The first one renews the epoch, and the others take that one. */
  async function beginAgain(lost: RelayMark): Promise<void> {
    await database.transaction(async (query) => {
      await lockForMigration(query);
      const isRenewed = await renewEpoch(query, state);
      await lost.begin(query);
      if (isRenewed) await renewed(query);
    });
  }

  return {
    get identity() {
      return state.identity;
    },
    mark,
    async compare() {
      if (mark && !(await mark.isThere(database.query))) await beginAgain(mark);
      const found = await readStorageState(database);
      const { id, epoch } = state.identity;
      const isSame = found.identity.id === id && found.identity.epoch === epoch;
      state = found;
      return isSame;
    },
  };
}
