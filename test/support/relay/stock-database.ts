import { randomBytes } from 'node:crypto';
import { getSqliteStorage, type LocalNode, type RawCoMap } from 'cojson';
import Database from 'libsql';
import { createClientNode } from './stock-client.ts';

type Libsql = InstanceType<typeof Database>;

/** The content of a user on a stock server, with the node of that user. */
export interface StockDatabase {
  readonly file: string;
  readonly database: Libsql;
  readonly node: LocalNode;
  readonly map: RawCoMap;
  readonly streamID: Parameters<LocalNode['load']>[0];
  readonly streamBytes: Uint8Array;
  /** A CoValue whose history is erased, and one waiting for erasure. */
  readonly deleted: readonly RawCoMap[];
}

const chunkBytes = 40_000;
const chunkCount = 12;

/** Writes a database with cojson's SQLite storage, with the driver and mode of stock servers. It stays open. */
export async function createStockDatabase(file: string): Promise<StockDatabase> {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  const storage = getSqliteStorage({
    run: (sql, parameters) => void database.prepare(sql).run(parameters),
    get: <T>(sql: string, parameters: unknown[]) => database.prepare(sql).get(parameters) as T | undefined,
    query: <T>(sql: string, parameters: unknown[]) => database.prepare(sql).all(parameters) as T[],
    transaction: (run) => void database.transaction(run)(),
    closeDb: () => void database.close(),
  });
  const node = await createClientNode(storage);
  const group = node.createGroup();
  const map = group.createMap({ title: 'é "quoted" \u2028 😀' });
  for (let n = 0; n < 50; n++) map.set(`key${n}`, n, n % 2 === 0 ? 'private' : 'trusting');

  const streamBytes = randomBytes(chunkCount * chunkBytes);
  const stream = group.createBinaryStream();
  stream.startBinaryStream({ mimeType: 'application/octet-stream' });
  for (let part = 0; part < chunkCount; part++) {
    stream.pushBinaryStreamChunk(streamBytes.subarray(part * chunkBytes, (part + 1) * chunkBytes));
    // Wait as during an upload: a signature is stored after the message that completes 100 kB.
    await settled(node);
  }
  stream.endBinaryStream();

  const deleted = [group.createMap({ secret: 1 }), group.createMap({ secret: 2 })];
  await settled(node);
  deleted[0]?.core.deleteCoValue();
  await settled(node);
  await storage.eraseAllDeletedCoValues();
  deleted[1]?.core.deleteCoValue();
  await settled(node);
  return { file, database, node, map, streamID: stream.id, streamBytes, deleted };
}

const settled = (node: LocalNode) => node.syncManager.waitForAllCoValuesSync();
