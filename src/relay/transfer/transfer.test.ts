import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isKernelError } from '../../platform/kernel-error.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { Database } from '../database/database.ts';
import { prepareSchema } from '../database/schema.ts';
import { openStoragePlace, readStoragePlace } from '../storage-place.ts';
import { createPostgres, describePostgres } from '../testing/test-postgres.ts';
import { createDirectory, createStorage } from '../testing/temporary-storage.ts';
import { startRelay } from '../testing/test-relay.ts';
import { exportStorage } from './export-storage.ts';
import { importStorage } from './import-storage.ts';
import { tables } from './tables.ts';
import { transfer } from './transfer.ts';

const coValueCount = 20_000;
const ignore = () => {};

async function open(storage: string): Promise<Database> {
  const database = await openStoragePlace(readStoragePlace(storage), silentLogger);
  onTestFinished(() => database.close());
  return database;
}

/** Rows of every table, with text that is hard to carry. */
async function fill(database: Database, count: number): Promise<void> {
  await prepareSchema(database);
  const hard = `'{"quote\\"":"\u2028 \u2029 😀 é ' || chr(13) || chr(10) || ' \\u0000' || n`;
  const from = `from generate_series(1, ${count}) as n`;
  for (const values of [
    `covalues select 'co_z' || n, ${hard} ${from}`,
    `sessions select 'co_z' || n, 's' || n, 2, 'signature_z' || n, n ${from}`,
    `transactions select 'co_z' || n, 's' || n, idx, ${hard} ${from}, generate_series(0, 1) as idx`,
    `signatures select 'co_z' || n, 's' || n, 0, 'signature_z' || n ${from} where n % 10 = 0`,
    `deletions select 'co_z' || n, n % 20 = 0 ${from} where n % 10 = 0`,
  ])
    await database.query(`insert into ${values}`);
}

/** A fingerprint of each table that the databases make themselves. */
async function contentOf({ query }: Database): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  for (const { name, columns, keys } of tables) {
    const names = Object.keys(columns);
    const row = names.map((column) => `${column}::text`).join(` || '|' || `);
    const order = names.slice(0, keys).join(', ');
    const [found] = await query<object>(
      `select count(*)::int4 as count, md5(string_agg(${row}, '/' order by ${order})) as hash from ${name}`,
    );
    content[name] = found;
  }
  return content;
}

async function refusalOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(() => undefined).catch((reason: unknown) => reason);
  if (isKernelError(error, 'RELAY_SETTING_INVALID')) return error.message;
  throw new Error('It was accepted.', { cause: error });
}

/** One that breaks down in its `nth` transaction from now on. */
function breaking(database: Database, nth: number): Database {
  let count = 0;
  return {
    ...database,
    transaction: (run) =>
      ++count < nth ? database.transaction(run) : Promise.reject(new Error('The power is out.')),
  };
}

describePostgres('export from PGlite and import into PostgreSQL', () => {
  it(`carries ${coValueCount} CoValues to the byte, also when it is interrupted in the middle`, async () => {
    const file = join(await createDirectory(), 'all.ndjson');
    const source = await open(`pglite:${await createStorage()}`);
    await fill(source, coValueCount);
    const content = await contentOf(source);
    expect(content).toMatchObject({ covalues: { count: coValueCount }, transactions: { count: 40_000 } });
    const exported = await exportStorage(source, file, ignore);
    expect(await readFile(file, 'utf8')).not.toMatch(/[\u2028\u2029]/);

    const storage = await createPostgres();
    const target = await open(storage);
    await expect(importStorage(breaking(target, 40), file, ignore)).rejects.toThrow('The power is out.');
    expect(await contentOf(target)).not.toEqual(content);
    expect(await refusalOf(startRelay({ storage }))).toContain('maia-relay import');
    const parts: number[] = [];
    expect(await importStorage(target, file, (part) => void parts.push(part))).toEqual(exported);
    expect(await contentOf(target)).toEqual(content);
    expect(parts.length).toBeGreaterThan(50);
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    await startRelay({ storage });
  }, 120_000);
});

it('takes no file that is cut off or changed, and writes nothing of it', async () => {
  const directory = await createDirectory();
  const file = join(directory, 'all.ndjson');
  const source = await open(`pglite:${await createStorage()}`);
  await fill(source, 50);
  await exportStorage(source, file, ignore);
  expect(await readdir(directory)).toEqual(['all.ndjson']);
  const text = await readFile(file, 'utf8');
  const target = await open(`pglite:${await createStorage()}`);
  await prepareSchema(target);
  const empty = await contentOf(target);
  const damages: readonly [change: (text: string) => string, why: string][] = [
    [() => '', 'its end is missing'],
    [(whole) => whole.slice(0, whole.length / 2), 'not whole'],
    [(whole) => whole.split('\n').slice(0, -2).join('\n'), 'its end is missing'],
    [(whole) => whole.replace('signature_z7', 'signature_z8'), 'not those that were written'],
    [(whole) => whole.replace('["covalues"', '["passwords"'), 'no known table'],
    [(whole) => whole.replace('"v":1', '"v":2'), 'no export'],
  ];
  for (const [change, why] of damages) {
    await writeFile(file, change(text));
    expect(await refusalOf(importStorage(target, file, ignore))).toContain(why);
  }
  expect(await contentOf(target)).toEqual(empty);
});

it('mixes nothing with what is there, and leaves no file of what fails', async () => {
  const directory = await createDirectory();
  const file = join(directory, 'all.ndjson');
  const storage = `pglite:${await createStorage()}`;
  const source = await openStoragePlace(readStoragePlace(storage), silentLogger);
  await fill(source, 3);
  await expect(exportStorage(breaking(source, 2), file, ignore)).rejects.toThrow('The power is out.');
  expect(await readdir(directory)).toEqual([]);
  await source.close();
  expect(await transfer({ kind: 'export', file, storage }, silentLogger)).toContain('Exported 12 rows');
  expect(await refusalOf(transfer({ kind: 'import', file, storage }, silentLogger))).toContain('not empty');
  const elsewhere = `pglite:${join(directory, 'none')}`;
  expect(await refusalOf(transfer({ kind: 'export', file, storage: elsewhere }, silentLogger))).toContain(
    'none',
  );
  expect(await readdir(directory)).toEqual(['all.ndjson']);
});
