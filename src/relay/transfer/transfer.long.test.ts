import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import type { Database } from '../database/database.ts';
import { refuseUnfinishedImport } from '../database/refuse-unfinished-import.ts';
import { prepareSchema } from '../database/schema.ts';
import { openStorageDirectory } from '../database/storage-directory.ts';
import { openStoragePlace, readStoragePlace } from '../database/storage-place.ts';
import { refusalOf } from '../../../test/support/relay/refusal.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { readTableContent } from '../../../test/support/relay/table-content.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { exportLines } from './export-file.ts';
import { exportStorage, toFileError } from './export-storage.ts';
import type { ImportSource } from './import-source.ts';
import { importStorage } from './import-storage.ts';
import { openImportSource } from './open-import-source.ts';
import { transfer } from './transfer.ts';

const ignore = () => {};

/** One database for all tests, because opening one takes longer than the tests; it is emptied before each. */
let pglite: Database;
beforeAll(async () => {
  pglite = await openStorageDirectory(await createStorage(), silentLogger);
});
afterEach(() => clear(pglite));
afterAll(() => pglite.close());

async function clear({ query }: Database): Promise<void> {
  await query('drop schema public cascade');
  await query('create schema public');
}

/** Rows of every table, with text that is hard to encode. */
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
    `beginnings select 'digest' || n, 'place' || n ${from} where n % 10 = 0`,
    `restrictions select 'covalue', 'co_z' || n, ${hard}, 1900000000000.5 * (n % 3), n ${from} where n % 10 = 0`,
    `usage select 'co_z' || n, 1e15 + n, n ${from} where n % 10 = 0`,
    `quotas select '', 'co_z' || n, -1, 1e15 * n ${from} where n % 10 = 0`,
  ])
    await database.query(`insert into ${values}`);
}

/** A database on which the `nth` transaction from now and all later ones fail. */
function breaking(database: Database, nth: number, error = new Error('Power failure.')): Database {
  let count = 0;
  return {
    ...database,
    transaction: (run) => (++count < nth ? database.transaction(run) : Promise.reject(error)),
  };
}

async function importFile(database: Database, file: string) {
  return importStorage(database, await openImportSource(file), ignore);
}

/** Records where reading starts, and how often the source is checked. */
function watched(source: ImportSource) {
  const from: number[] = [];
  let checks = 0;
  return {
    from,
    get checks() {
      return checks;
    },
    source: {
      ...source,
      check: (progress) => (checks++, source.check(progress)),
      rows: (place) => (from.push(place.rows), source.rows(place)),
    } satisfies ImportSource,
  };
}

describePostgres('export from PGlite and import into PostgreSQL', () => {
  it('[RELAY-15] transfers CoValues exactly, also after an interruption', async () => {
    const coValueCount = 1_500;
    const file = join(await createDirectory(), 'all.ndjson');
    await fill(pglite, coValueCount);
    const content = await readTableContent(pglite);
    expect(content).toMatchObject({ covalues: { count: coValueCount }, transactions: { count: 3_000 } });
    const exported = await exportStorage(pglite, file, ignore);
    expect(await readFile(file, 'utf8')).not.toMatch(/[\u2028\u2029]/);

    const storage = await createPostgres();
    const target = await openStoragePlace(readStoragePlace(storage), silentLogger);
    onTestFinished(() => target.close());
    await expect(importFile(breaking(target, 5), file)).rejects.toThrow('Power failure.');
    expect(await readTableContent(target)).not.toEqual(content);
    expect(await refusalOf(startRelay({ storage }))).toContain('maia-relay import');

    const again = watched(await openImportSource(file));
    const parts: number[] = [];
    const imported = await importStorage(target, again.source, (part) => void parts.push(part));
    expect(imported).toEqual({ ...exported, found: 2_000 });
    expect(again).toMatchObject({ from: [2_000], checks: 0 });
    expect(await readTableContent(target)).toEqual(content);
    expect(parts.length).toBeGreaterThan(4);
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(parts.at(-1)).toBe(1);
    expect(await importFile(target, file)).toEqual({ ...exported, found: exported.rows });
    await startRelay({ storage });
  });
});

describe('import', () => {
  it('rejects a truncated or modified file without writing anything', async () => {
    const directory = await createDirectory();
    const file = join(directory, 'all.ndjson');
    await fill(pglite, 50);
    await exportStorage(pglite, file, ignore);
    expect(await readdir(directory)).toEqual(['all.ndjson']);
    await clear(pglite);
    const text = await readFile(file, 'utf8');
    const damages: readonly [change: (text: string) => string, why: string][] = [
      [() => '', 'its end is missing'],
      [(whole) => whole.slice(0, whole.length / 2), 'is incomplete'],
      [(whole) => whole.split('\n').slice(0, -2).join('\n'), 'its end is missing'],
      [(whole) => whole.replace('signature_z7', 'signature_z8'), 'do not match its checksum'],
      [(whole) => whole.replace('["covalues"', '["passwords"'), 'no known table'],
      [(whole) => whole.replace('"v":1', '"v":2'), 'not an export'],
      [(whole) => whole.replaceAll('\n', '\r\n'), 'not an export'],
      [(whole) => whole + whole, 'lines after its end'],
    ];
    for (const [change, why] of damages) {
      await writeFile(file, change(text));
      expect(await refusalOf(importFile(pglite, file))).toContain(why);
    }
    expect(await pglite.query(`select from pg_tables where schemaname = 'public'`)).toEqual([]);
    await writeFile(file, text.trimEnd());
    expect(await importFile(pglite, file)).toMatchObject({ found: 0 });
  });

  it('compares all content at the end, including rows it did not read again', async () => {
    const file = join(await createDirectory(), 'all.ndjson');
    await fill(pglite, 1_000);
    await exportStorage(pglite, file, ignore);
    await clear(pglite);
    await expect(importFile(breaking(pglite, 4), file)).rejects.toThrow('Power failure.');
    await pglite.query(`update covalues set header = '{}' where id = 'co_z7'`);
    await expect(importFile(pglite, file)).rejects.toThrow('differs from the file');
    await clear(pglite);
    await expect(importFile(breaking(pglite, 4), file)).rejects.toThrow('Power failure.');
    // With another modification time, so that it is checked and read from the start.
    await copyFile(file, `${file}.copy`);
    const copy = watched(await openImportSource(`${file}.copy`));
    expect(await importStorage(pglite, copy.source, ignore)).toMatchObject({ rows: 4_600 });
    expect(copy).toMatchObject({ from: [0], checks: 1 });
  });

  it('[RELAY-16] does not mix its rows with existing ones', async () => {
    const file = join(await createDirectory(), 'all.ndjson');
    await fill(pglite, 3);
    await exportStorage(pglite, file, ignore);
    await pglite.query(`delete from signatures`);
    await pglite.query(`delete from transactions where covalue_id = 'co_z1'`);
    expect(await refusalOf(importFile(pglite, file))).toContain('not empty');
  });

  it('explains how to continue after the disk of the database was full', async () => {
    const file = join(await createDirectory(), 'all.ndjson');
    await fill(pglite, 3);
    await exportStorage(pglite, file, ignore);
    await clear(pglite);
    const full = Object.assign(new Error('could not extend file'), { code: '53100' });
    await expect(importFile(breaking(pglite, 3, full), file)).rejects.toMatchObject({
      code: 'RELAY_STORAGE_FAILED',
      message: expect.stringMatching(
        /could not extend file.*Free some space.*the same import again/,
      ) as string,
      cause: full,
    });
    expect(await importFile(pglite, file)).toMatchObject({ rows: 12 });
  });

  it('explains why a file cannot be read, and creates no database', async () => {
    const directory = await createDirectory();
    const storage = `pglite:${join(directory, 'new')}`;
    const run = (file: string) => refusalOf(transfer({ kind: 'import', file, storage }, silentLogger));
    expect(await run(join(directory, 'none'))).toContain('there is no such file');
    expect(await run(directory)).toContain('it is a directory');
    expect(await readdir(directory)).toEqual([]);
    const file = join(directory, 'all.ndjson');
    await fill(pglite, 3);
    await exportStorage(pglite, file, ignore);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('signature_z3', 'signature_z4'));
    expect(await run(file)).toContain('do not match its checksum');
    expect(await readdir(directory)).toEqual(['all.ndjson']);
    await writeFile(file, text);
    const onFile = transfer({ kind: 'import', file, storage: `pglite:${file}` }, silentLogger);
    expect(await refusalOf(onFile)).toContain('Grant write access');
    expect(await transfer({ kind: 'import', file, storage }, silentLogger)).toMatch(/^Imported 12 rows/);
  });
});

describe('export', () => {
  it('leaves no file after a failure', async () => {
    const directory = await createDirectory();
    const file = join(directory, 'all.ndjson');
    await fill(pglite, 3);
    await expect(exportStorage(breaking(pglite, 2), file, ignore)).rejects.toThrow('Power failure.');
    expect(await readdir(directory)).toEqual([]);
  });

  it('replaces the leftover file of a killed export, which cannot be imported', async () => {
    const directory = await createDirectory();
    const file = join(directory, 'all.ndjson');
    await fill(pglite, 3);
    await exportStorage(pglite, file, ignore);
    const text = await readFile(file, 'utf8');
    await writeFile(`${file}.unfinished`, text.slice(0, 200));
    expect(await refusalOf(importFile(pglite, `${file}.unfinished`))).toContain('cannot be imported');
    await exportStorage(pglite, file, ignore);
    expect(await readdir(directory)).toEqual(['all.ndjson']);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('detects a file that another export wrote', async () => {
    const directory = await createDirectory();
    const file = join(directory, 'all.ndjson');
    await fill(pglite, 3);
    await exportStorage(pglite, file, ignore);
    await pglite.query(`update covalues set header = '{}' where id = 'co_z1'`);
    const disturbed: Database = {
      ...pglite,
      async transaction(run) {
        const result = await pglite.transaction(run);
        await writeFile(`${file}.unfinished`, await readFile(file));
        return result;
      },
    };
    const whole = await readFile(file, 'utf8');
    expect(await refusalOf(exportStorage(disturbed, file, ignore))).toContain('another export');
    expect(await readdir(directory)).toEqual(['all.ndjson']);
    expect(await readFile(file, 'utf8')).toBe(whole);
  });

  it('refuses a storage that lost rows, and a file of one, on which no relay starts', async () => {
    const directory = await createDirectory();
    const file = join(directory, 'all.ndjson');
    await fill(pglite, 30);
    await pglite.query(`delete from transactions where covalue_id <> 'co_z1'`);
    const why = /incomplete: the table transactions lacks rows of 29 CoValues\. .*empty database/;
    await expect(exportStorage(pglite, file, ignore)).rejects.toMatchObject({
      code: 'RELAY_STORAGE_FAILED',
      message: expect.stringMatching(why) as string,
    });
    expect(await readdir(directory)).toEqual([]);

    // As versions without this check exported it.
    const lines = exportLines(pglite.query);
    let text = '';
    for await (const line of lines) text += `${line}\n`;
    await writeFile(file, text);
    await clear(pglite);
    for (let run = 0; run < 2; run++) expect(await refusalOf(importFile(pglite, file))).toMatch(why);
    await expect(refuseUnfinishedImport(pglite.query)).rejects.toThrow('import');
  });

  it('explains what to do if the file cannot be written', async () => {
    const directory = await createDirectory();
    await fill(pglite, 3);
    const run = (file: string) => refusalOf(exportStorage(pglite, file, ignore));
    expect(await run(join(directory, 'none', 'all.ndjson'))).toContain('its folder does not exist');
    await mkdir(join(directory, 'taken'));
    expect(await run(join(directory, 'taken'))).toContain('it is a directory');
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(toFileError('a', full)).toMatchObject({
      code: 'RELAY_SETTING_INVALID',
      message: expect.stringMatching(/disk is full. Free some space/) as string,
    });
    const elsewhere = `pglite:${join(directory, 'none')}`;
    const missing = transfer({ kind: 'export', file: 'a', storage: elsewhere }, silentLogger);
    expect(await refusalOf(missing)).toContain('There is no storage in');
  });
});
