import { togetherLanes, type Database } from './database.ts';
import { createRelayMark, type RelayMark } from './relay-mark.ts';
import {
  lockForMigration,
  prepareSchema,
  readStorageState,
  renewEpoch,
  type StorageIdentity,
  type StorageState,
} from './schema.ts';

/** Which storage this relay serves, and whether it still is that one. */
export interface StorageTrack {
  readonly identity: StorageIdentity;
  /** How often relays have renewed the epoch. */
  readonly renewals: number;
  /** Absent if the database cannot go back under a running relay. */
  readonly mark: RelayMark | undefined;
  /**
   * Resolves with false if the database is another one or went back to an earlier state, and `identity` then has another ID or
   * epoch. Rejects if the database cannot be read; call it again.
   */
  compare(): Promise<boolean>;
  /** Whether the database still has the identity that was last read, and this relay's marks. Rejects if it cannot be read. */
  isCurrent(): Promise<boolean>;
  /** Gives the storage a new epoch, which counts more than `renewals`, unless another relay has done so meanwhile. */
  renew(renewals?: number): Promise<void>;
}

/** Migrates the tables. `renewed` is called when this relay gave the storage another epoch. */
export async function trackStorage(database: Database, renewed: () => void): Promise<StorageTrack> {
  let state = await prepareSchema(database);
  // One more than the lanes for locked CoValues, and more for content that belongs together.
  const mark = database.incarnation && createRelayMark((database.lanes ?? 1) + 1 + togetherLanes);
  if (mark) {
    await database.transaction(async (query) => {
      await lockForMigration(query);
      await mark.begin(query);
    });
  }

  /** All relays on the database find that it went back. The first one renews the epoch, and the others take that one. */
  async function beginAgain(lost: RelayMark): Promise<void> {
    const isRenewed = await database.transaction(async (query) => {
      await lockForMigration(query);
      const renewal = await renewEpoch(query, state);
      await lost.begin(query);
      return renewal;
    });
    if (isRenewed) renewed();
  }

  return {
    get identity() {
      return state.identity;
    },
    get renewals() {
      return state.renewals;
    },
    mark,
    async renew(renewals = 0) {
      const known = { ...state, renewals: Math.max(state.renewals, renewals) };
      const isRenewed = await database.transaction(async (query) => {
        await lockForMigration(query);
        return renewEpoch(query, known);
      });
      state = await readStorageState(database);
      if (isRenewed) renewed();
    },
    async compare() {
      if (mark && !(await mark.isThere(database.query))) await beginAgain(mark);
      const found = await readStorageState(database);
      const isSame = isEqual(found, state);
      state = found;
      return isSame;
    },
    isCurrent: async () =>
      (mark === undefined || (await mark.isThere(database.query))) &&
      isEqual(await readStorageState(database), state),
  };
}

function isEqual({ identity: one }: StorageState, { identity: other }: StorageState): boolean {
  return one.id === other.id && one.epoch === other.epoch;
}
