import { once } from 'node:events';
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { openPostgresDatabase } from '../database/postgres-database.ts';
import { prepareSchema } from '../database/schema.ts';
import { openStorageDirectory } from '../database/storage-directory.ts';
import { runStatement } from '../../../test/support/postgres.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { checkClock } from './check-clock.ts';
import { describeFindings, examine } from './examine.ts';

const examineDirectory = (directory: string, port = 0) => examine({ port, storage: `pglite:${directory}` });
const wrongIn = async (findings: ReturnType<typeof examineDirectory>) =>
  (await findings).filter(({ isWrong }) => isWrong).map(({ subject, text }) => `${subject}: ${text}`);

it('reports no problem for a free storage, opens it, and leaves nothing behind', async () => {
  const directory = await createStorage();
  const before = await readdir(directory);
  const findings = await examineDirectory(directory);
  expect(await wrongIn(Promise.resolve(findings))).toEqual([]);
  expect(describeFindings(findings)).toMatch(/^ok {5}database {3}It responds and has no tables yet/m);
  expect(await readdir(directory)).toEqual(before);
});

it.each([{ origins: ['localhost:5173'] }, { appIDs: ['Notes'] }, { commitLanes: 99 }, { bus: 'foo' }])(
  'refuses %j, as a start does',
  async (options) => {
    const settings = { port: 0, storage: 'memory:', ...options };
    const refusal = { code: 'RELAY_SETTING_INVALID' };
    await expect(startRelay(settings)).rejects.toMatchObject(refusal);
    await expect(examine(settings)).rejects.toMatchObject(refusal);
  },
);

it('does not create a missing directory', async () => {
  const parent = await createDirectory();
  expect(await wrongIn(examineDirectory(join(parent, 'a', 'b')))).toEqual([]);
  expect(await readdir(parent)).toEqual([]);
});

it('recognizes a running relay and its storage in use', async () => {
  const directory = await createStorage();
  const relay = await startRelay({ storage: `pglite:${directory}` });
  expect(await wrongIn(examineDirectory(directory, relay.port))).toEqual([]);
  expect(await wrongIn(examineDirectory(directory))).toEqual([
    expect.stringMatching(/^directory: .* in use by another/),
  ]);
});

it('reports a relay on the port that uses another storage, so that the start would fail', async () => {
  const { port } = await startRelay({ storage: 'memory:' });
  const directory = await createStorage();
  for (const unused of [directory, join(directory, 'missing')])
    expect(await wrongIn(examineDirectory(unused, port))).toEqual([
      `port: The relay running on ${port} on 127.0.0.1 does not use ${unused}. Stop it, or choose another --port.`,
    ]);
});

it('reports a port in use by another program', async () => {
  const other = createServer((socket) => socket.end('no relay')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  expect(await wrongIn(examine({ port, storage: 'memory:' }))).toEqual([
    expect.stringMatching(new RegExp(`^port: ${port} .*another program`)),
  ]);
});

it('reports an address of another machine', async () => {
  expect(await wrongIn(examine({ host: '192.0.2.1', port: 4203, storage: 'memory:' }))).toEqual([
    expect.stringMatching(/^port: .*EADDRNOTAVAIL/),
  ]);
});

it('reports a directory with other files, and a file instead of a directory', async () => {
  const directory = await createDirectory();
  const file = join(directory, 'notes.txt');
  await writeFile(file, '');
  expect(await wrongIn(examineDirectory(directory))).toEqual([expect.stringContaining('notes.txt')]);
  expect(await wrongIn(examineDirectory(file))).toEqual([expect.stringContaining('not a directory')]);
  expect(await wrongIn(examineDirectory(join(file, 'below')))).toEqual([
    expect.stringContaining('is not allowed to create it'),
    expect.stringMatching(/^state: .* cannot be created/),
  ]);
});

it('reports a database that does not open and a server that does not respond, without its password', async () => {
  const directory = await createStorage();
  await writeFile(join(directory, 'postgres', 'global', 'pg_control'), 'damaged');
  expect(await wrongIn(examineDirectory(directory))).toEqual([
    expect.stringMatching(/^database: .*could not be opened/),
  ]);
  expect(await readdir(directory)).toEqual(['postgres']);
  const [first = ''] = await wrongIn(examine({ port: 0, storage: 'postgres://me:hunter2@127.0.0.1:1/x' }));
  expect(first).toMatch(/^database: .*127\.0\.0\.1:1\/x/);
  expect(first).not.toContain('hunter2');
});

it('reports an incomplete database and creates none in its place', async () => {
  const directory = await createDirectory();
  await mkdir(join(directory, 'postgres', 'global'), { recursive: true });
  expect(await wrongIn(examineDirectory(directory))).toEqual([
    expect.stringMatching(/^directory: .*incomplete/),
  ]);
  expect(await readdir(join(directory, 'postgres'))).toEqual(['global']);
});

// The superuser may read every directory, so a file takes the place of one that this user may not read.
it('reports a database that cannot be read, as a start does', async () => {
  const directory = await createDirectory();
  await writeFile(join(directory, 'postgres'), '');
  expect(await wrongIn(examineDirectory(directory))).toEqual([
    expect.stringMatching(/^directory: .*cannot be read by this user/),
  ]);
  await expect(openStorageDirectory(directory, silentLogger)).rejects.toMatchObject({
    code: 'RELAY_STORAGE_FAILED',
  });
});

describePostgres('on PostgreSQL', () => {
  it.each([
    ['a read-only database', 'default_transaction_read_only=on', /^database: It is read-only/],
    ['a search path without a schema', 'search_path=nowhere', /^database: .*has no schema/],
    ['a user that may not create tables', 'role=pg_monitor', /^database: The user pg_monitor may not create/],
  ])('reports %s', async (_, setting, report) => {
    const url = new URL(await createPostgres());
    url.searchParams.set('options', `-c ${setting}`);
    const [found = ''] = await wrongIn(examine({ port: 0, storage: url.href }));
    expect(found).toMatch(report);
  });

  it('reports tables of another owner as the database does', async () => {
    const storage = await createPostgres();
    const database = await openPostgresDatabase(storage, 'the test', silentLogger);
    await prepareSchema(database);
    await database.query('grant create on schema public to pg_monitor');
    await database.close();
    const found = await wrongIn(examine({ port: 0, storage: `${storage}?options=-c%20role%3Dpg_monitor` }));
    expect(found).toEqual([
      'database: It rejected a query: permission denied for table schema_version. Check that the database user may create tables, and owns those of the relay.',
    ]);
  });

  it('reports that only one table was restored', async () => {
    const storage = await createPostgres();
    await runStatement('create table covalues (id text)', [], storage);
    expect(await wrongIn(examine({ port: 0, storage }))).toEqual([
      expect.stringMatching(/^database: It has tables .* not all of them/),
    ]);
  });
});

it('reports a table that was restored without its rows', async () => {
  const directory = await createStorage();
  const database = await openStorageDirectory(directory, silentLogger);
  await prepareSchema(database);
  await database.query(`insert into covalues values ('co_z1', '{}')`);
  await database.query(`insert into sessions values ('co_z1', 's1', 1, 'signature_z1', 1)`);
  await database.close();
  expect(await wrongIn(examineDirectory(directory))).toEqual([
    expect.stringMatching(/^database: Its table transactions has no rows/),
  ]);
});

it('reports tables of a newer relay', async () => {
  const directory = await createStorage();
  const database = await openStorageDirectory(directory, silentLogger);
  await database.query('create table schema_version (version int4 not null)');
  await database.query('insert into schema_version (version) values (1000)');
  await database.close();
  expect(await wrongIn(examineDirectory(directory))).toEqual([
    expect.stringMatching(/^database: .*format 1000/),
  ]);
});

it('changes no permissions, and reports that a start will', async () => {
  const directory = await createStorage();
  await chmod(directory, 0o755);
  expect(describeFindings(await examineDirectory(directory))).toContain('Other users can currently read it');
  expect((await stat(directory)).mode & 0o777).toBe(0o755);
});

it('compares the clock with the database', async () => {
  const now = Date.UTC(2026, 5, 1);
  expect(checkClock({ nowMs: now - 1_000, touchedAtMs: now - 1e9 }, now).isWrong).toBe(false);
  expect(checkClock({ nowMs: now - 60_000 }, now).isWrong).toBe(true);
  expect(checkClock({ touchedAtMs: now + 60_000 }, now).isWrong).toBe(true);
  expect(checkClock({}, 0).isWrong).toBe(true);
  const directory = await createStorage();
  const control = join(directory, 'postgres', 'global', 'pg_control');
  await utimes(control, Date.now() / 1_000 + 3_600, Date.now() / 1_000 + 3_600);
  expect(await wrongIn(examineDirectory(directory))).toEqual([expect.stringMatching(/^clock: /)]);
});
