import { execFile, spawnSync } from 'node:child_process';
import { chmod, cp, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { openRawClient } from '../support/relay/raw-client.ts';
import { createStockClient } from '../support/relay/stock-client.ts';
import { createDirectory, createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { confirmed, createSharedMap, loadMap, openRelay, startRelay } from '../support/relay/test-relay.ts';
import { codeBlocks, readText } from './markdown.ts';

/** A folder with the command `maia-relay`. */
let commands: string;
beforeAll(async () => {
  commands = await createDirectory();
  const command = join(commands, 'maia-relay');
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${await bundleRelay()}" "$@"\n`);
  await chmod(command, 0o755);
});

/** Runs the commands of docs/operations.md that contain `mark`. Returns the folder in which they ran. */
async function runDrill(mark: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const block = codeBlocks(readText('docs/operations.md'), 'sh').find(({ code }) => code.includes(mark));
  if (!block) throw new Error(`docs/operations.md has no commands with ${mark}.`);
  const cwd = await createDirectory();
  const env = { ...variables, PATH: `${commands}:${process.env['PATH']}` };
  await promisify(execFile)('sh', ['-e', '-c', block.code], { cwd, env });
  expect((await stat(join(cwd, 'drill.ndjson'))).size).toBeGreaterThan(0);
  return cwd;
}

const epochOf = async (url: string) =>
  ((await openRawClient(url)).received[0]?.['storage'] as { epoch: string }).epoch;

/** Stores an edit, calls `restore`, and expects the edit in the storage that this returns, under another epoch. */
async function expectRestored(storage: string, restore: () => Promise<string>): Promise<void> {
  const relay = await openRelay({ storage });
  const map = createSharedMap(await createStockClient(relay.url));
  await confirmed(map.core.node, map);
  const epoch = await epochOf(relay.url);
  await relay.close();
  const restored = await startRelay({ storage: await restore() });
  expect((await loadMap(await createStockClient(restored.url), map)).get('word')).toBe('first');
  expect(await epochOf(restored.url)).not.toBe(epoch);
}

it('a copy of a PGlite directory is restored and checked as documented', async () => {
  const directory = await createStorage();
  await expectRestored(`pglite:${directory}`, async () => {
    const BACKUP = join(await createDirectory(), 'backup');
    await cp(directory, BACKUP, { recursive: true });
    return `pglite:${await runDrill('cp -a "$BACKUP"', { BACKUP })}/drill.db`;
  });
});

const isMissing = spawnSync('pg_dump', ['--version']).error !== undefined;
const reason = isMissing ? ', skipped: pg_dump is missing; apt-get install postgresql-client' : '';

describePostgres('PostgreSQL', () => {
  it.skipIf(isMissing)(`a dump is restored and checked as documented${reason}`, async () => {
    const [DATABASE_URL, DRILL_URL] = [await createPostgres(), await createPostgres()];
    await expectRestored(DATABASE_URL, async () => {
      await runDrill('pg_dump', { DATABASE_URL, DRILL_URL });
      return DRILL_URL;
    });
  });
});
