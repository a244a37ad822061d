import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { openStorageDirectory } from '../../src/relay/database/storage-directory.ts';
import { openPostgresDatabase } from '../../src/relay/database/postgres-database.ts';
import { bundleRelay, spawnRelay } from '../support/relay/relay-process.ts';
import { readTableContent } from '../support/relay/table-content.ts';
import { createDirectory, createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { fillDatabase } from './many-covalues.ts';
import { createRandom } from './seeded-random.ts';

const coValueCount = 20_000;
const seed = Number(process.env['MAIA_SEED'] ?? 1);

/** Kills a process at a chosen moment of its work. Throws if it ended earlier. */
async function killWhen(
  process: ReturnType<typeof spawnRelay>,
  isThere: () => Promise<boolean>,
): Promise<void> {
  let isEnded = false;
  void process.ended.then(() => (isEnded = true));
  await vi.waitUntil(async () => isEnded || (await isThere()), { timeout: 60_000, interval: 1 });
  process.kill('SIGKILL');
  expect(await process.ended).toEqual({ code: null, signal: 'SIGKILL' });
}

describePostgres('moving by the command', () => {
  it(`moves ${coValueCount} CoValues between PGlite and PostgreSQL byte for byte despite one kill in each direction`, async () => {
    const random = createRandom(seed);
    const script = await bundleRelay();
    const directory = await createStorage();
    const source = await openStorageDirectory(directory, silentLogger);
    const bytes = await fillDatabase(source, coValueCount, random);
    const content = await readTableContent(source);
    await source.close();
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
    const pglite = `pglite:${directory}`;
    const postgres = await createPostgres();
    const target = await openPostgresDatabase(postgres, 'the test', silentLogger);

    const exportAt = (bytes * random(10, 80)) / 100;
    await killWhen(run('export', file, pglite), async () => {
      const found = await stat(`${file}.unfinished`).catch(() => undefined);
      return found !== undefined && found.size > exportAt;
    });
    expect(await readdir(folder)).toEqual(['all.ndjson.unfinished']);
    expect(await finish('import', `${file}.unfinished`, postgres)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('cannot be imported') as string,
    });
    const exported = await finish('export', file, pglite);
    expect(exported).toMatchObject({
      code: 0,
      output: expect.stringContaining(`Exported ${rows} rows`) as string,
    });
    expect(await readdir(folder)).toEqual(['all.ndjson']);

    const importAt = Math.floor((rows * random(10, 80)) / 100);
    let done = 0;
    await killWhen(run('import', file, postgres), async () => {
      const [mark] = await target
        .query<{ rows: number }>('select done_rows as rows from import_unfinished')
        .catch(() => []);
      done = mark?.rows ?? 0;
      return done > importAt;
    });
    expect(await readTableContent(target)).not.toEqual(content);
    const relay = spawnRelay(script, '--port=0', `--storage=${postgres}`);
    expect((await relay.ended).code).toBe(1);
    expect(relay.printed.errors).toContain('An import into this storage was interrupted');

    const imported = await finish('import', file, postgres);
    expect(imported).toMatchObject({ code: 0 });
    const before = Number(/of which (\d+) already existed/.exec(imported.output)?.[1]);
    expect(before).toBeGreaterThanOrEqual(done);
    expect(before).toBeLessThan(rows);
    const hash = /[0-9a-f]{64}/;
    expect(hash.exec(imported.output)?.[0]).toBe(hash.exec(exported.output)?.[0]);
    expect(await readTableContent(target)).toEqual(content);
    await target.close();
    console.log(
      `moving, seed ${seed}: ${coValueCount} CoValues, ${rows} rows, ${Math.round(bytes / 1e6)} MB of JSON, each table's md5 equal; ` +
        `export killed after ${Math.round(exportAt / 1e6)} MB and run again in ${exported.tookMs} ms; ` +
        `import killed after ${before} rows and gone on with in ${imported.tookMs} ms`,
    );
  }, 600_000);
});
