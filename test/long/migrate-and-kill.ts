import type { LocalNode, RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import type { Database, Query } from '../../src/relay/database/database.ts';
import { readSchemaVersion, schemaVersion } from '../../src/relay/database/schema.ts';
import { bundleRelay, bundleScript, spawnRelay } from '../support/relay/relay-process.ts';
import { createStockClient, reconnectStock } from '../support/relay/stock-client.ts';
import { readTableContent } from '../support/relay/table-content.ts';
import { confirmed, createSharedMap, loadMap } from '../support/relay/test-relay.ts';
import { inDatabase } from './in-database.ts';
import { makeOlder, type OldVersion } from '../support/relay/older-version.ts';

const realCoValues = 5;
const timeoutMs = 900_000;

/** The number of statements: the lock, the table of the version, its row, then what later versions added. */
const statementsOf = { 1: 22, 2: 21 } as const;

/** Rows of which no client loads any. */
async function fill(query: Query, count: number): Promise<void> {
  const from = `from generate_series(1, ${count}) as n`;
  for (const values of [
    `covalues select 'co_zFilled' || n, '{"meta":null,"uniqueness":' || n || '}' ${from}`,
    `sessions select 'co_zFilled' || n, 'co_z' || n || '_session_z1', 2, 'signature_z' || n, 100 ${from}`,
    `transactions select 'co_zFilled' || n, 'co_z' || n || '_session_z1', idx, '{"changes":"' || md5(n::text) || '"}'
     ${from}, generate_series(0, 1) as idx`,
    `signatures select 'co_zFilled' || n, 'co_z' || n || '_session_z1', 0, 'signature_z' || n ${from} where n % 100 = 0`,
    `deletions select 'co_zFilled' || n, n % 200 = 0 ${from} where n % 100 = 0`,
  ])
    await query(`insert into ${values}`);
}

/**
 * Kills the migration of a storage with CoValues of real clients and `count` more at five moments, one after the other. The
 * last kill is after the commit; after the others, nothing is changed.
 */
export function itMigratesDespiteKills(
  name: string,
  createStorage: () => Promise<string>,
  version: keyof typeof statementsOf,
  count: number,
): void {
  it(
    `migrates ${count} CoValues of version ${version} on ${name}, killed at five moments`,
    { timeout: timeoutMs },
    async () => {
      const storage = await createStorage();
      const [relay, dying] = [await bundleRelay(), await bundleScript('test/long/dying-relay.ts')];
      const start = () => spawnRelay(relay, '--port=0', `--storage=${storage}`);
      const first = start();
      const alice = await createStockClient(await first.url);
      const maps = Array.from({ length: realCoValues }, (_, index) => {
        const map = createSharedMap(alice);
        map.set('number', index);
        return map;
      });
      for (const map of maps) await confirmed(alice, map);
      first.kill('SIGTERM');
      expect(await first.ended).toMatchObject({ code: 0 });
      const before = await inDatabase(storage, async (database) => {
        await makeOlder(database, version);
        await fill(database.query, count);
        return readOldTables(database, version);
      });

      const last = String(statementsOf[version]);
      for (const moment of ['0', '3', '4', last, 'commit']) {
        const { ended, printed } = spawnRelay(dying, moment, storage);
        expect({ ...(await ended), ...printed }).toMatchObject({ signal: 'SIGKILL', errors: '' });
        const isCommitted = moment === 'commit';
        // Leftovers of an earlier kill would fail the next migration.
        if (!isCommitted && moment !== last) continue;
        await inDatabase(storage, async (database) => {
          const found = await readSchemaVersion(database.query);
          expect(found, `after a kill at ${moment}`).toBe(isCommitted ? schemaVersion : version);
          expect(await readOldTables(database, version)).toEqual(before);
          expect(await laterTablesIn(database.query)).toHaveLength(
            (isCommitted ? schemaVersion : version) - 1,
          );
        });
      }

      const startedAtMs = performance.now();
      const migrating = start();
      const url = await migrating.url;
      const startMs = Math.round(performance.now() - startedAtMs);
      await expectWhole(url, alice, maps);
      migrating.kill('SIGTERM');
      await migrating.ended;

      await inDatabase(storage, (database) =>
        database.query('update schema_version set version = version + 1'),
      );
      const refused = start();
      expect(await refused.ended).toMatchObject({ code: 1 });
      expect(refused.printed.errors).toContain(
        `The storage has format ${schemaVersion + 1}, from a newer relay, but this relay supports only formats up to ${schemaVersion}. Install the newer version again.`,
      );
      console.log(
        `${name}, version ${version}, ${count} CoValues: 5 kills of the migration, then a start in ${startMs} ms`,
      );
    },
  );
}

/** A new client loads what was stored before the migration, and its edits are stored, too. */
async function expectWhole(url: string, alice: LocalNode, maps: readonly RawCoMap[]): Promise<void> {
  const bob = await createStockClient(url);
  for (const map of maps) {
    const loaded = await loadMap(bob, map);
    expect(loaded.toJSON()).toEqual(map.toJSON());
    loaded.set('word', 'new');
    await confirmed(bob, loaded);
  }
  // The session of a client from before the migration goes on.
  reconnectStock(alice, url);
  for (const map of maps) {
    map.set('more', 'edits');
    await confirmed(alice, map);
  }
  const carol = await createStockClient(url);
  for (const map of maps) {
    expect((await loadMap(carol, map)).toJSON()).toMatchObject({ word: 'new', more: 'edits' });
  }
}

/** The content of the tables that the version has. */
async function readOldTables(database: Database, version: OldVersion) {
  const later =
    version === 1
      ? / (?:beginnings|usage|quotas|erasures|erased|certificates)$/
      : / (?:usage|quotas|erasures|erased|certificates)$/;
  const query: Query = (sql, parameters) =>
    later.test(sql) ? Promise.resolve([]) : database.query(sql, parameters);
  return readTableContent({ query });
}

function laterTablesIn(query: Query): Promise<readonly unknown[]> {
  return query(`select from pg_tables where tablename in ('beginnings', 'changes', 'relay_secret')`);
}
