import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { packTemplate } from '../../../scripts/build/pglite-template.mjs';
import { createDirectory } from '../../../test/support/relay/temporary-storage.ts';
import { createPGliteDirectory } from './create-pglite-directory.ts';
import { openPGliteDatabase } from './pglite-database.ts';
import { readTemplate } from './pglite-template.ts';
import { startPGliteWorker } from './pglite-worker.ts';
import { prepareSchema, schemaVersion } from './schema.ts';

let folder: URL;
let file: string;
beforeAll(async () => {
  const directory = await createDirectory();
  await packTemplate(directory);
  const [name] = await readdir(directory);
  file = join(directory, String(name));
  folder = pathToFileURL(`${directory}/`);
}, 120_000);

it('is small enough to be shipped', async () => {
  expect((await stat(file)).size).toBeLessThan(800_000);
});

it('becomes a complete database, which only this user can read', async () => {
  const directory = join(await createDirectory(), 'postgres');
  await createPGliteDirectory(directory, () => readTemplate(folder));
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, 'PG_VERSION'))).mode & 0o777).toBe(0o600);
  const database = await openPGliteDatabase(directory);
  onTestFinished(() => database.close());
  await prepareSchema(database);
  expect(await database.query('select version from schema_version')).toEqual([{ version: schemaVersion }]);
});

it('begins a database in memory', async () => {
  const worker = await startPGliteWorker('memory://', { template: await readTemplate(folder) });
  onTestFinished(worker.close);
  await worker.query('create table words (word text)');
  expect(await worker.query('select word from words')).toEqual([]);
});

it('leaves nothing if it cannot be unpacked', async () => {
  const parent = await createDirectory();
  const template = await readTemplate(folder);
  const cut = () => Promise.resolve(template?.subarray(0, template.length / 2));
  await expect(createPGliteDirectory(join(parent, 'postgres'), cut)).rejects.toHaveProperty(
    'cause.message',
    'The archive is incomplete.',
  );
  expect(await readdir(parent)).toEqual([]);
});

it('does not exist in a clone, and is not used if it is damaged', async () => {
  expect(await readTemplate()).toBeUndefined();
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, whole.length / 2));
  onTestFinished(() => writeFileSync(file, whole));
  expect(await readTemplate(folder)).toBeUndefined();
});
