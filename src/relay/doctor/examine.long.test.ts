import { once } from 'node:events';
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { openStorageDirectory } from '../database/storage-directory.ts';
import { createDirectory, createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { checkClock } from './check-clock.ts';
import { describeFindings, examine } from './examine.ts';

const look = (directory: string, port = 0) => examine({ port, storage: `pglite:${directory}` });
const wrongIn = async (findings: ReturnType<typeof look>) =>
  (await findings).filter(({ isWrong }) => isWrong).map(({ subject, text }) => `${subject}: ${text}`);

it('finds nothing wrong with a storage that is free, opens it, and leaves nothing behind', async () => {
  const directory = await createStorage();
  const before = await readdir(directory);
  const findings = await look(directory);
  expect(await wrongIn(Promise.resolve(findings))).toEqual([]);
  expect(describeFindings(findings)).toMatch(/^ok {5}database {3}It answers, and has no tables yet/m);
  expect(await readdir(directory)).toEqual(before);
});

it('makes no directory that is not there yet', async () => {
  const parent = await createDirectory();
  expect(await wrongIn(look(join(parent, 'a', 'b')))).toEqual([]);
  expect(await readdir(parent)).toEqual([]);
});

it('knows a relay that runs, and that its storage is in use', async () => {
  const directory = await createStorage();
  const relay = await startRelay({ storage: `pglite:${directory}` });
  expect(await wrongIn(look(directory, relay.port))).toEqual([]);
  expect(await wrongIn(look(directory))).toEqual([expect.stringMatching(/^directory: .* in use by another/)]);
});

it('says which port another program has', async () => {
  const other = createServer((socket) => socket.end('no relay')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  expect(await wrongIn(examine({ port, storage: 'memory:' }))).toEqual([
    expect.stringMatching(new RegExp(`^port: ${port} .*another program`)),
  ]);
});

it('says that an address is not of this machine', async () => {
  expect(await wrongIn(examine({ host: '192.0.2.1', port: 4203, storage: 'memory:' }))).toEqual([
    expect.stringMatching(/^port: .*EADDRNOTAVAIL/),
  ]);
});

it('says that a directory is not the relay’s, or no directory', async () => {
  const directory = await createDirectory();
  const file = join(directory, 'notes.txt');
  await writeFile(file, '');
  expect(await wrongIn(look(directory))).toEqual([expect.stringContaining('notes.txt')]);
  expect(await wrongIn(look(file))).toEqual([expect.stringContaining('not a directory')]);
  expect(await wrongIn(look(join(file, 'below')))).toEqual([expect.stringContaining('may not make it')]);
});

it('says that a database does not open, and that of a server does not answer, without its password', async () => {
  const directory = await createStorage();
  await writeFile(join(directory, 'postgres', 'global', 'pg_control'), 'damaged');
  expect(await wrongIn(look(directory))).toEqual([expect.stringMatching(/^database: .*could not be opened/)]);
  expect(await readdir(directory)).toEqual(['postgres']);
  const [first = ''] = await wrongIn(examine({ port: 0, storage: 'postgres://me:hunter2@127.0.0.1:1/x' }));
  expect(first).toMatch(/^database: .*127\.0\.0\.1:1\/x/);
  expect(first).not.toContain('hunter2');
});

it('says that a database is not whole, and makes none in its place', async () => {
  const directory = await createDirectory();
  await mkdir(join(directory, 'postgres', 'global'), { recursive: true });
  expect(await wrongIn(look(directory))).toEqual([expect.stringMatching(/^directory: .*not whole/)]);
  expect(await readdir(join(directory, 'postgres'))).toEqual(['global']);
});

it('says that the tables are of a newer relay', async () => {
  const directory = await createStorage();
  const database = await openStorageDirectory(directory, silentLogger);
  await database.query('create table schema_version (version int4 not null)');
  await database.query('insert into schema_version (version) values (1000)');
  await database.close();
  expect(await wrongIn(look(directory))).toEqual([expect.stringMatching(/^database: .*format 1000/)]);
});

it('changes no rights, and says that a start will', async () => {
  const directory = await createStorage();
  await chmod(directory, 0o755);
  expect(describeFindings(await look(directory))).toContain('Others may read it');
  expect((await stat(directory)).mode & 0o777).toBe(0o755);
});

it('holds the clock against the database', async () => {
  const now = Date.UTC(2026, 5, 1);
  expect(checkClock({ nowMs: now - 1_000, touchedAtMs: now - 1e9 }, now).isWrong).toBe(false);
  expect(checkClock({ nowMs: now - 60_000 }, now).isWrong).toBe(true);
  expect(checkClock({ touchedAtMs: now + 60_000 }, now).isWrong).toBe(true);
  expect(checkClock({}, 0).isWrong).toBe(true);
  const directory = await createStorage();
  const control = join(directory, 'postgres', 'global', 'pg_control');
  await utimes(control, Date.now() / 1_000 + 3_600, Date.now() / 1_000 + 3_600);
  expect(await wrongIn(look(directory))).toEqual([expect.stringMatching(/^clock: /)]);
});
