import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { RawCoID } from '../../engine/content.ts';
import type { Database } from '../database/database.ts';
import { fillOwners } from './fill-owners.ts';
import { readOwners, readTotals, type OwnedRow } from './read-owners.ts';

/** Which CoValues a group or account owns. Of themselves, groups, accounts and CoValues without a group are the owners. */
export interface Owners {
  /** In the order of their IDs, at most `limit`. Undefined while older rows have no owner yet. Rejects if the read fails. */
  listOwned(ownerID: string, limit: number): Promise<readonly RawCoID[] | undefined>;
  /** The owners of those that are stored. Rejects if the read fails. */
  of(ids: readonly string[]): Promise<readonly OwnedRow[]>;
  /** How many transactions each of these has, if any. Rejects if the read fails. */
  totals(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Whether each stored row has its owner. If not, begins to fill them in. Rejects if the read fails. */
  areKnown(): Promise<boolean>;
  /** Begins to fill in the owners that rows of earlier versions lack. */
  start(): void;
  stop(): void;
}

export function createOwners(
  database: Pick<Database, 'query' | 'write'>,
  clock: Clock,
  logger: Logger,
): Owners {
  const fill = fillOwners(database, clock, logger);
  return {
    async listOwned(ownerID, limit) {
      const [row] = await database.query<{ isLacking: boolean; ids: readonly RawCoID[] }>(
        `select exists (select from relay.covalues where owner is null) as "isLacking",
           array(select id from relay.covalues where owner = $1 order by id limit $2) as ids`,
        [ownerID, limit],
      );
      if (row?.isLacking === false) return row.ids;
      // A relay of an earlier version may have stored more since.
      fill.start();
      return undefined;
    },
    async areKnown() {
      const [lacking] = await database.query(`select from relay.covalues where owner is null limit 1`);
      if (lacking) fill.start();
      return !lacking;
    },
    of: (ids) => readOwners(database.query, ids),
    totals: (ids) => readTotals(database.query, ids),
    start: fill.start,
    stop: fill.stop,
  };
}
