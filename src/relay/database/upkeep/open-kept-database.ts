import { systemClock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Database } from '../database.ts';
import { openPGliteDatabase, type PGliteDatabase } from '../pglite-database.ts';
import { startPGliteWorker, type PGliteWorkerOptions } from '../pglite-worker.ts';
import { defaultDiskReserveMB, watchDiskSpace, type FreeBytes } from './disk-space.ts';
import { createPGliteUpkeep } from './pglite-upkeep.ts';

export interface KeptDatabaseOptions extends PGliteWorkerOptions {
  readonly diskReserveMB?: number | undefined;
  readonly freeBytes?: FreeBytes;
}

/** PGlite with its upkeep, which refuses content while its disk is almost full. Requires the directory's lock. */
export async function openKeptDatabase(
  directory: string,
  logger: Logger,
  options: KeptDatabaseOptions = {},
): Promise<Database & Pick<PGliteDatabase, 'kill'>> {
  const { clock = systemClock, diskReserveMB: reserveMB = defaultDiskReserveMB, freeBytes } = options;
  const disk = await watchDiskSpace({ directory, reserveMB, clock, logger, freeBytes });
  try {
    const database = await openPGliteDatabase(directory, async (location) => {
      await disk.makeRoom();
      return startPGliteWorker(location, options);
    });
    let maintenances = 0;
    async function maintain(sql: string): Promise<void> {
      maintenances++;
      try {
        await database.maintain(sql);
      } finally {
        maintenances--;
      }
    }
    const kept = { query: database.query, maintain };
    const upkeep = createPGliteUpkeep({ database: kept, hasRoom: () => !disk.isShort, clock, logger });
    const stop = () => {
      upkeep.stop();
      disk.stop();
    };
    return {
      durability: database.durability,
      writeRefusal: () => (disk.isShort ? 'disk' : undefined),
      isMaintaining: () => maintenances > 0,
      figures: () => ({ logBytes: upkeep.logBytes, diskFreeBytes: disk.freeBytes }),
      query(sql, parameters) {
        upkeep.used();
        return database.query(sql, parameters);
      },
      write(sql, parameters) {
        upkeep.used();
        return database.write(sql, parameters);
      },
      transaction(run) {
        upkeep.used();
        return database.transaction(run);
      },
      async close() {
        stop();
        await database.close();
      },
      async kill() {
        stop();
        await database.kill();
      },
    };
  } catch (error) {
    disk.stop();
    throw error;
  }
}
