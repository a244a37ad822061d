import { appendFile, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { refusalOf } from '../../../../test/support/relay/refusal.ts';
import { createStockDatabase, type StockDatabase } from '../../../../test/support/relay/stock-database.ts';
import { changeStockFiles, copyStockFiles } from '../../../../test/support/relay/stock-files.ts';
import { createDirectory } from '../../../../test/support/relay/temporary-storage.ts';
import { beginning, type SourceRow } from '../import-source.ts';
import { openImportSource } from '../open-import-source.ts';

const ignore = () => {};

let stock: StockDatabase;
beforeAll(async () => {
  stock = await createStockDatabase(join(await createDirectory(), 'live.sqlite'));
});
afterAll(() => void stock.database.close());

const copyFiles = () => copyStockFiles(stock);
const changed = (...statements: readonly string[]) => changeStockFiles(stock, ...statements);

async function open(file: string, isWalGone = false) {
  const source = await openImportSource(file, { isWalGone });
  onTestFinished(source.close);
  return source;
}

const check = async (file: string) => (await open(file)).check(ignore);

describe('an incomplete copy', () => {
  it('is refused without its log, unless SQLite removed the log', async () => {
    const file = await copyFiles();
    await rm(`${file}-wal`);
    const refusal = await refusalOf(open(file));
    expect(refusal).toContain(`${file}-wal, which may contain the latest writes, is missing`);
    expect(refusal).toContain('--no-wal');
    // All content of this database was in the log.
    expect(await refusalOf(open(file, true))).toContain('no table coValues');

    const closed = await copyFiles();
    const database = new Libsql(closed);
    database.pragma('wal_checkpoint(truncate)');
    database.close();
    await rm(`${closed}-wal`, { force: true });
    expect(await refusalOf(open(closed))).toContain('--no-wal');
    expect((await (await open(closed, true)).check(ignore)).rows).toBe(108);
  });

  it('is not assumed for a link to a database', async () => {
    const file = await copyFiles();
    const link = join(await createDirectory(), 'link.sqlite');
    await symlink(file, link);
    expect((await check(link)).rows).toBe(108);
  });

  it('is refused with a file that is not a log', async () => {
    const file = await copyFiles();
    await writeFile(`${file}-wal`, 'no log');
    expect(await refusalOf(open(file))).toContain('not an SQLite log');
  });

  it('is refused while its last commit must be rolled back', async () => {
    const file = await changed();
    await writeFile(`${file}-journal`, Buffer.from('d9d505f920a163d7', 'hex'));
    expect(await refusalOf(open(file))).toContain('was interrupted');
    // In some modes, SQLite leaves a finished journal like this.
    await writeFile(`${file}-journal`, Buffer.alloc(512));
    expect((await check(file)).rows).toBe(108);
  });

  it('is refused if a page is damaged', async () => {
    const file = await changed();
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0xff, 8 * 4_096, 9 * 4_096));
    expect(await refusalOf(check(file))).toMatch(/cannot be imported: .*(damaged|cannot read)/);
    await writeFile(file, bytes.subarray(0, bytes.length / 2));
    expect(await refusalOf(check(file))).toMatch(/cannot be imported: .*(damaged|cannot read)/);
  });

  it('is refused if an index lacks a row', async () => {
    const file = await changed(
      `drop index coValuesByID`,
      `create index coValuesByID on coValues (id) where rowID > 1`,
      `pragma writable_schema = on`,
      `update sqlite_schema set sql = 'CREATE INDEX coValuesByID ON coValues (id)' where name = 'coValuesByID'`,
    );
    expect(await refusalOf(check(file))).toContain('in index coValuesByID');
  });

  it('is refused while its server writes', async () => {
    const file = await copyFiles();
    const source = await open(file);
    await appendFile(`${file}-wal`, '\0');
    expect(await refusalOf(source.check(ignore))).toContain('another program is still writing to it');
    expect(await refusalOf(readAll(source.rows(beginning)))).toContain(
      'another program is still writing to it',
    );
  });
});

it.each([
  [`update coValues set id = 'co_zNobody' where rowID = 1`, 'row 1 of coValues', 'does not match its header'],
  [`update coValues set id = 'nobody' where rowID = 2`, 'row 2 of coValues', 'CoValue ID is malformed'],
  [`update coValues set header = '{' where rowID = 2`, 'row 2 of coValues', 'not valid JSON'],
  [`update coValues set header = 'true' where rowID = 2`, 'row 2 of coValues', 'not have the format'],
  [`update coValues set header = x'00' where rowID = 2`, 'row 2 of coValues', 'JSON is missing'],
  [`update sessions set sessionID = 'mine' where rowID = 3`, 'row 3 of sessions', 'session ID is malformed'],
  [`update sessions set lastIdx = -1 where rowID = 3`, 'row 3 of sessions', 'a number'],
  [`update sessions set lastIdx = lastIdx + 1 where rowID = 3`, 'row 3 of sessions', 'is missing'],
  [`update sessions set lastIdx = lastIdx - 1 where rowID = 3`, 'of transactions', 'beyond the end'],
  [`update sessions set lastSignature = null where rowID = 3`, 'row 3 of sessions', 'signature is malformed'],
  [`update sessions set coValue = 99 where rowID = 3`, 'table sessions', '1 of its rows is orphaned'],
  [`delete from transactions where ses = 1 and idx = 0`, 'row 1 of sessions', 'transaction 0 is missing'],
  [
    `update transactions set tx = '[]' where ses = 1 and idx = 1`,
    'ses=1, idx=1 of transactions',
    'not have the format',
  ],
  [`insert into transactions values (99, 0, '{}')`, 'table transactions', '1 of its rows is orphaned'],
  [`update signatureAfter set signature = 'mine'`, 'of signatureAfter', 'signature is malformed'],
  [`update signatureAfter set idx = idx + 1000`, 'of signatureAfter', 'beyond the end'],
  [`insert into signatureAfter values (99, 0, '')`, 'table signatureAfter', '1 of its rows is orphaned'],
  [`update deletedCoValues set status = 7`, 'of deletedCoValues', 'status is unknown'],
  [`insert into deletedCoValues values ('co_zNobody', 0)`, 'of deletedCoValues', 'CoValue does not exist'],
])('names the damaged row: %s', async (sql, row, how) => {
  const message = await refusalOf(check(await changed(sql)));
  expect(message).toContain(`${row} is damaged: `);
  expect(message).toContain(how);
});

it('refuses other databases and newer versions', async () => {
  const file = join(await createDirectory(), 'other.sqlite');
  const database = new Libsql(file);
  database.exec('create table notes (text)');
  database.close();
  expect(await refusalOf(open(file))).toContain('not from cojson');
  const newer = await changed('pragma user_version = 8');
  expect(await refusalOf(open(newer))).toContain('schema version 8');
});

async function readAll(rows: AsyncGenerator<SourceRow>): Promise<void> {
  for await (const row of rows) expect(row.end.rows).toBeGreaterThan(0);
}
