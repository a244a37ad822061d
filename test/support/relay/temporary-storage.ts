import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { afterAll } from 'vitest';
import { createPGliteDirectory } from '../../../src/relay/database/create-pglite-directory.ts';

// A database of another version might not open.
const manifest = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

/**
 * A directory with an empty database, removed after the tests. Copied from a template, because creating one takes
 * seconds.
 */
export async function createStorage(): Promise<string> {
  const directory = await createDirectory();
  await cp(await template(), join(directory, 'postgres'), { recursive: true });
  return directory;
}

/** An empty directory, removed after the test file's tests. */
export async function createDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'maia-relay-'));
  // A relay keeps its state beside its storage.
  directories.push(directory, `${directory}.state`);
  return directory;
}

/** An empty database in memory, for `template` of PGlite's worker. */
export async function memoryTemplate(): Promise<Uint8Array> {
  const path = join(tmpdir(), `maia-relay-template-${version}.tar`);
  if (!(await exists(path))) {
    const database = await PGlite.create('memory://');
    const dump = await database.dumpDataDir('none');
    await database.close();
    const unfinished = `${path}.${process.pid}.${threadId}`;
    await writeFile(unfinished, new Uint8Array(await dump.arrayBuffer()));
    await rename(unfinished, path);
  }
  return readFile(path);
}

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function template(): Promise<string> {
  const path = join(tmpdir(), `maia-relay-template-${version}`);
  if (await exists(path)) return path;
  const directory = await mkdtemp(join(tmpdir(), 'maia-relay-new-'));
  try {
    await createPGliteDirectory(join(directory, 'postgres'));
    await rename(join(directory, 'postgres'), path);
  } catch (error) {
    // Another test file may have created it first.
    if (!(await exists(path))) throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return path;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
