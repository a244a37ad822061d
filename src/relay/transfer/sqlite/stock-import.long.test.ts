import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalNode, RawAccount, RawBinaryCoStream } from 'cojson';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '../../../base/logger.ts';
import type { Database } from '../../database/database.ts';
import { openStorageDirectory } from '../../database/storage-directory.ts';
import { refusalOf } from '../../../../test/support/relay/refusal.ts';
import { crypto } from '../../../../test/support/relay/stock-client.ts';
import { createStockDatabase, type StockDatabase } from '../../../../test/support/relay/stock-database.ts';
import { changeStockFiles, copyStockFiles } from '../../../../test/support/relay/stock-files.ts';
import { createDirectory, createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import { startRelay } from '../../../../test/support/relay/test-relay.ts';
import type { Place, SourceRow } from '../import-source.ts';
import { importStorage } from '../import-storage.ts';
import { openImportSource } from '../open-import-source.ts';
import { transfer } from '../transfer.ts';
import { until } from '../../../../test/support/until.ts';

const ignore = () => {};

let stock: StockDatabase;
let database: Database;
beforeAll(async () => {
  stock = await createStockDatabase(join(await createDirectory(), 'live.sqlite'));
  database = await openStorageDirectory(await createStorage(), silentLogger);
});
afterEach(() =>
  database.query('drop schema public cascade').then(() => database.query('create schema public')),
);
afterAll(async () => {
  stock.database.close();
  await database.close();
});

const copyFiles = () => copyStockFiles(stock);
const changed = (...statements: readonly string[]) => changeStockFiles(stock, ...statements);

async function open(file: string) {
  const source = await openImportSource(file);
  onTestFinished(source.close);
  return source;
}

/** The user who wrote on the stock server, now on another device that has no content. */
async function openAccount(url: string): Promise<LocalNode> {
  const websocket = new WebSocket(`${url}/sync`);
  onTestFinished(() => websocket.terminate());
  const account = stock.node.expectCurrentAccount('the writer');
  return LocalNode.withLoadedAccount({
    accountID: account.id,
    accountSecret: stock.node.agentSecret,
    sessionID: crypto.newRandomSessionID(account.id),
    peers: [createWebSocketPeer({ id: 'relay', websocket, role: 'server' })],
    crypto,
  });
}

it('imports everything that cojson wrote, so that clients load and decrypt it', async () => {
  const file = await copyFiles();
  const storage = `pglite:${await createStorage()}`;
  const imported = await transfer({ kind: 'import', file, storage }, silentLogger);
  expect(imported).toMatch(/^Imported 108 rows/);
  expect(await readdir(join(file, '..'))).toEqual(['stock.sqlite', 'stock.sqlite-wal']);

  const relay = await startRelay({ storage });
  const node = await openAccount(relay.url);
  expect(node.expectCurrentAccount('the reader')).toBeInstanceOf(RawAccount);
  const load = async (id: Parameters<typeof node.load>[0]) => {
    const loaded = await node.load(id);
    if (loaded === 'unavailable') throw new Error(`${id} is not there.`);
    return loaded;
  };
  const map = await load(stock.map.id);
  expect(map.toJSON()).toEqual(stock.map.toJSON());
  expect(map.core.knownState()).toEqual(stock.map.core.knownState());
  const stream = await load(stock.streamID);
  if (!(stream instanceof RawBinaryCoStream)) throw new Error('It is not a stream.');
  const whole = stock.node.getCoValue(stock.streamID).knownState();
  await until(() => expect(stream.core.knownState()).toEqual(whole));
  expect(Buffer.concat(stream.getBinaryChunks()?.chunks ?? [])).toEqual(Buffer.from(stock.streamBytes));
  for (const { id } of stock.deleted) {
    const core = await node.loadCoValueCore(id);
    expect(core.isDeleted).toBe(true);
  }
});

it('continues after an interruption and writes no row twice', async () => {
  const file = await copyFiles();
  const [source, again] = [await open(file), await open(file)];
  const { rows, sha256 } = await source.check(ignore);
  // One row in each transaction.
  const single = { ...source, rows: (from: Place) => withBytes(source.rows(from), 4_000_000) };
  await expect(importStorage(breaking(database, 60), single, ignore)).rejects.toThrow('Power failure.');
  const read: number[] = [];
  const counting = {
    ...again,
    check: () => Promise.reject(new Error('It was checked again.')),
    rows: (from: Place) => (read.push(from.rows), again.rows(from)),
  };
  // Two transactions precede the rows.
  expect(await importStorage(database, counting, ignore)).toEqual({ rows, sha256, found: 57 });
  expect(read).toEqual([57]);
  const copy = await open(await copyFiles());
  expect(await importStorage(database, copy, ignore)).toEqual({ rows, sha256, found: rows });
});

it('continues with another copy of the same content, and with nothing else', async () => {
  const source = await open(await copyFiles());
  const content = await source.check(ignore);
  await expect(importStorage(breaking(database, 3), source, ignore)).rejects.toThrow('Power failure.');
  const other = await open(await changed(`delete from deletedCoValues`));
  expect(await refusalOf(importStorage(database, other, ignore))).toContain('of other content');
  const closed = await open(await changed());
  expect(await importStorage(database, closed, ignore)).toMatchObject(content);
});

it('writes nothing of a damaged source', async () => {
  const source = await open(await changed(`update deletedCoValues set status = 7`));
  await refusalOf(importStorage(database, source, ignore));
  expect(await database.query(`select tablename from pg_tables where schemaname = 'public'`)).toEqual([]);
});

it('reads schema versions without deletions and sync records', async () => {
  const file = await changed(
    'drop table deletedCoValues',
    'drop table unsynced_covalues',
    'pragma user_version = 3',
  );
  const source = await open(file);
  expect((await source.check(ignore)).rows).toBe(106);
  expect(source.leftOut).toBeUndefined();
});

/** A database on which the `nth` transaction from now and all later ones fail. */
function breaking(database: Database, nth: number): Database {
  let count = 0;
  return {
    ...database,
    transaction: (run) =>
      ++count < nth ? database.transaction(run) : Promise.reject(new Error('Power failure.')),
  };
}

async function* withBytes(rows: AsyncGenerator<SourceRow>, bytes: number): AsyncGenerator<SourceRow> {
  for await (const row of rows) yield { ...row, bytes };
}
