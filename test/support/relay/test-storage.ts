import { setImmediate as nextTurn } from 'node:timers/promises';
import { LocalNode, type RawGroup } from 'cojson';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { Database, Query } from '../../../src/relay/database/database.ts';
import { openPostgresDatabase } from '../../../src/relay/database/postgres-database.ts';
import { prepareSchema } from '../../../src/relay/database/schema.ts';
import { openStorageDirectory } from '../../../src/relay/database/storage-directory.ts';
import type { Content } from '../../../src/engine/content.ts';
import {
  createSqlStorage,
  type SqlStorage,
  type SqlStorageOptions,
} from '../../../src/relay/storage/sql-storage.ts';
import { createClientNode, crypto } from './stock-client.ts';
import { createPostgres, describePostgres } from './test-postgres.ts';
import { createStorage } from './temporary-storage.ts';

export interface TestStorage {
  readonly query: Query;
  /** Opens a storage with nothing in memory, as after a start. `change` overrides parts of the database. */
  open(change?: Partial<Database>, on?: Partial<SqlStorageOptions>): SqlStorage;
  /** Creates a user whose account, group and edits are stored. */
  createWriter(): Promise<Writer>;
}

export interface Writer {
  readonly storage: SqlStorage;
  readonly node: LocalNode;
  readonly group: RawGroup;
  committed(): Promise<void>;
}

/** Runs the same tests on each kind of database. */
export function describeStorage(
  describeOne: (test: TestStorage & { readonly database: Database }) => void,
): void {
  describe('PGlite', () => describeOne(useTestStorage(openPGlite)));
  describePostgres('PostgreSQL', () => describeOne(useTestStorage(openPostgres)));
}

const openPGlite = async () => openStorageDirectory(await createStorage(), silentLogger);
const openPostgres = async () => openPostgresDatabase(await createPostgres(), 'the test', silentLogger);

/** One database per kind, because opening one takes longer than the tests; it is emptied after each test. */
function useTestStorage(
  openDatabase: () => Promise<Database>,
): TestStorage & { readonly database: Database } {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase();
    await prepareSchema(database);
  });
  afterEach(async () => {
    // What a test did not wait for would be stored during the next one.
    await nextTurn();
    await Promise.all(opened.splice(0).map((storage) => written(storage)));
    await database.query(`truncate covalues, sessions, transactions, signatures, deletions, beginnings`);
  });
  afterAll(() => database.close());

  const opened: SqlStorage[] = [];
  const open: TestStorage['open'] = (change = {}, on = {}) => {
    const storage = createSqlStorage({
      database: { ...database, ...change },
      clock: systemClock,
      logger: silentLogger,
      foundOlder: () => {},
      ...on,
    });
    opened.push(storage);
    return storage;
  };
  return {
    get database() {
      return database;
    },
    query: (sql, parameters) => database.query(sql, parameters),
    open,
    async createWriter() {
      const storage = open();
      const node = await createClientNode(storage);
      const committed = async () => {
        // cojson stores what was created in this turn at its end.
        await nextTurn();
        await new Promise<void>((done) => storage.afterCommit(undefined, done));
      };
      return { storage, node, group: node.createGroup(), committed };
    },
  };
}

function written(storage: SqlStorage): Promise<void> {
  return new Promise((resolve) => storage.onceWritten(undefined, resolve));
}

/** A node with a temporary identity, like that of a relay. */
export function createReader(storage: SqlStorage): LocalNode {
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  node.setStorage(storage);
  return node;
}

export function loadContent(storage: SqlStorage, id: string): Promise<{ found: boolean; pieces: Content[] }> {
  return new Promise((resolve) => {
    const pieces: Content[] = [];
    const add = (piece: Content) => pieces.push(piece);
    storage.load(id, add, (found) => resolve({ found, pieces }));
  });
}

export function loadKnownState(storage: SqlStorage, id: string): Promise<unknown> {
  return new Promise((resolve) => storage.loadKnownState(id, resolve));
}
