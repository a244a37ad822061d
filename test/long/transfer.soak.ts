import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readStoragePlace } from '../../src/relay/database/storage-place.ts';
import { runStatement } from '../support/postgres.ts';
import { bundleRelay, spawnRelay } from '../support/relay/relay-process.ts';
import { readTableContent } from '../support/relay/table-content.ts';
import { createDirectory, createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { inDatabase } from './in-database.ts';
import { fillDatabase } from './many-covalues.ts';
import { makeOlder } from '../support/relay/older-version.ts';
import { createRandom } from './seeded-random.ts';
import { until } from '../support/until.ts';

const coValueCount = Number(process.env['MAIA_COVALUES'] ?? 20_000);
const seed = Number(process.env['MAIA_SEED'] ?? 1);

/** Kills a process at a chosen moment of its work. Throws if it ended earlier. */
async function killWhen(
  process: ReturnType<typeof spawnRelay>,
  isThere: () => Promise<boolean>,
): Promise<void> {
  let isEnded = false;
  void process.ended.then(() => (isEnded = true));
  await until(async () => isEnded || (await isThere()), 300_000);
  process.kill('SIGKILL');
  expect(await process.ended).toEqual({ code: null, signal: 'SIGKILL' });
}

const engines = { PGlite: async () => `pglite:${await createStorage()}`, PostgreSQL: createPostgres };

/** While a command runs on PGlite, only its files show how far it is. */
async function storedBytes(storage: string): Promise<number> {
  const place = readStoragePlace(storage);
  if (place.kind !== 'pglite') {
    const size = 'select pg_database_size(current_database())::float8 as bytes';
    const [found] = (await runStatement(size, [], storage)) as { bytes: number }[];
    return found?.bytes ?? 0;
  }
  const names = await readdir(join(place.directory, 'postgres', 'base'), { recursive: true });
  const sizes = await Promise.all(
    names.map((name) => stat(join(place.directory, 'postgres', 'base', name)).catch(() => undefined)),
  );
  return sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0);
}

describePostgres('moving by the command', () => {
  it.each([
    ['PGlite', 1, 'PostgreSQL'],
    ['PostgreSQL', 2, 'PGlite'],
    ['PGlite', 3, 'PGlite'],
  ] as const)(
    `moves ${coValueCount} CoValues from %s of version %i to %s byte for byte despite a kill of each command`,
    async (from, version, to) => {
      const random = createRandom(seed);
      const script = await bundleRelay();
      const source = await engines[from]();
      const { bytes, content } = await inDatabase(source, async (database) => {
        const filled = await fillDatabase(database, coValueCount, random);
        const whole = await readTableContent(database);
        await makeOlder(database, version);
        return { bytes: filled, content: whole };
      });
      const rows = Object.values(content).reduce((sum, { count }) => sum + count, 0);
      expect(content).toMatchObject({ covalues: { count: coValueCount } });

      const folder = await createDirectory();
      const file = join(folder, 'all.ndjson');
      const run = (kind: string, name: string, storage: string) =>
        spawnRelay(script, kind, name, `--storage=${storage}`);
      const finish = async (kind: string, name: string, storage: string) => {
        const begunMs = performance.now();
        const { ended, printed } = run(kind, name, storage);
        const { code } = await ended;
        return { code, ...printed, tookMs: Math.round(performance.now() - begunMs) };
      };
      const target = await engines[to]();

      const exportAt = (bytes * random(10, 80)) / 100;
      await killWhen(run('export', file, source), async () => {
        const found = await stat(`${file}.unfinished`).catch(() => undefined);
        return found !== undefined && found.size > exportAt;
      });
      expect(await readdir(folder)).toEqual(['all.ndjson.unfinished']);
      expect(await finish('import', `${file}.unfinished`, target)).toMatchObject({
        code: 1,
        errors: expect.stringContaining('cannot be imported') as string,
      });
      const exported = await finish('export', file, source);
      expect(exported).toMatchObject({
        code: 0,
        output: expect.stringContaining(`Exported ${rows} rows`) as string,
      });
      expect(await readdir(folder)).toEqual(['all.ndjson']);

      const emptyBytes = await storedBytes(target);
      // PostgreSQL compresses long texts.
      const importAt = emptyBytes + (bytes * random(10, 40)) / 100;
      await killWhen(run('import', file, target), async () => (await storedBytes(target)) > importAt);
      const done = await inDatabase(target, async (database) => {
        expect(await readTableContent(database)).not.toEqual(content);
        const [mark] = await database.query<{ rows: number }>(
          'select done_rows as rows from import_unfinished',
        );
        return mark?.rows ?? 0;
      });
      expect(done).toBeGreaterThan(0);
      const relay = spawnRelay(script, '--port=0', `--storage=${target}`);
      expect((await relay.ended).code).toBe(1);
      expect(relay.printed.errors).toContain('An import into this storage was interrupted');

      const imported = await finish('import', file, target);
      expect(imported).toMatchObject({ code: 0 });
      const before = Number(/of which (\d+) already existed/.exec(imported.output)?.[1]);
      expect(before).toBe(done);
      expect(before).toBeLessThan(rows);
      const hash = /[0-9a-f]{64}/;
      expect(hash.exec(imported.output)?.[0]).toBe(hash.exec(exported.output)?.[0]);
      expect(await inDatabase(target, readTableContent)).toEqual(content);
      console.log(
        `moving from ${from} of version ${version} to ${to}, seed ${seed}: ${coValueCount} CoValues, ${rows} rows, ${Math.round(bytes / 1e6)} MB of JSON, each table's md5 equal; ` +
          `export killed after ${Math.round(exportAt / 1e6)} MB and run again in ${exported.tookMs} ms; ` +
          `import killed after ${before} rows and gone on with in ${imported.tookMs} ms`,
      );
    },
    1_200_000,
  );
});
