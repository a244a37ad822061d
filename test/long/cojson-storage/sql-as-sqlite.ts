import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { Database } from '../../../src/relay/database/database.ts';
import { openMemoryDatabase } from '../../../src/relay/database/pglite-database.ts';
import { prepareSchema } from '../../../src/relay/database/schema.ts';
import { createSqlStorage, type SqlStorage } from '../../../src/relay/storage/sql-storage.ts';

/** Members that the tests use beyond StorageAPI. */
interface Additions {
  /** Resolves after the callbacks, which are StorageAPI's only result. */
  load(...parameters: Parameters<SqlStorage['load']>): Promise<void>;
  readonly dbClient: { getAllCoValuesWaitingForDelete(): Promise<readonly string[]> };
}

/** Opening a database takes longer than a test, so tests reuse them. */
const free: Database[] = [];
const takenByFile = new Map<string, Promise<Database>>();

/** Replaces cojson's function of this name with our storage, with one database per file name. */
export async function getSqliteStorageAsync(driver: {
  readonly db: { readonly filename: string };
}): Promise<Omit<SqlStorage, 'load'> & Additions> {
  const database = await databaseOf(driver.db.filename);
  let begunCount = 0;
  const storage = createSqlStorage({
    database: {
      ...database,
      query(...statement) {
        begunCount++;
        return database.query(...statement);
      },
      transaction(run) {
        begunCount++;
        return database.transaction(run);
      },
      // Another storage of the same test may share it.
      close: () => Promise.resolve(),
    },
    clock: systemClock,
    logger: silentLogger,
    foundOlder() {},
  });
  const dbClient: Additions['dbClient'] = {
    async getAllCoValuesWaitingForDelete() {
      await untilIdle();
      const rows = await database.query<{ id: string }>(
        `select covalue_id as id from deletions where not erased`,
      );
      return rows.map(({ id }) => id);
    },
  };

  /** The database runs in its own thread, which the tests' fake timers do not wait for. */
  async function untilIdle(): Promise<void> {
    let before: number;
    do {
      before = begunCount;
      await database.transaction((query) => query(`select 1`));
    } while (begunCount !== before);
  }

  const load: Additions['load'] = (id, callback, done) =>
    new Promise((resolve) => {
      storage.load(id, callback, (found) => {
        done?.(found);
        resolve();
      });
    });
  return { ...storage, load, dbClient };
}

/** The running test's database for this file, initially empty. */
function databaseOf(file: string): Promise<Database> {
  const taken = takenByFile.get(file);
  if (taken) return taken;
  const database = openEmpty();
  takenByFile.set(file, database);
  onTestFinished(async () => {
    takenByFile.delete(file);
    free.push(await database);
  });
  return database;
}

async function openEmpty(): Promise<Database> {
  const used = free.pop();
  if (used) {
    await used.query(`truncate covalues, sessions, transactions, signatures, deletions`);
    return used;
  }
  const database = await openMemoryDatabase();
  await prepareSchema(database);
  return database;
}
