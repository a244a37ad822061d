import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createKernelError } from '../../base/kernel-error.ts';
import { readTemplate, unpackTemplate } from './pglite-template.ts';

const unfinished = 'unfinished-';

// Exits with its parent: standard input closes when the parent ends, for whatever reason.
const script = `
  process.stdin.on('end', () => process.exit(1)).resume();
  const [pglite, directory] = process.argv.slice(1);
  const { PGlite } = await import(pglite);
  await (await PGlite.create(directory)).close();
  process.exit(0);
`;

/**
 * Creates an empty database at `directory`, completely or not at all. Without a template it runs in a child process, because
 * creating one takes 800 MB that are never released, but opening one takes 300 MB. The caller must hold the lock of the
 * parent folder.
 */
export async function createPGliteDirectory(directory: string, readFrom = readTemplate): Promise<void> {
  const parent = dirname(directory);
  await removeUnfinished(parent);
  const temporary = join(parent, unfinished + randomBytes(6).toString('hex'));
  try {
    const template = await readFrom();
    await (template ? unpackTemplate(template, temporary) : runCreation(temporary));
    await rename(temporary, directory);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    throw createKernelError(
      'RELAY_STORAGE_FAILED',
      `The relay's database could not be created in ${parent}. Check that the folder is writable and that the disk has 100 MB free.`,
      { cause },
    );
  }
}

/** Removes what a killed creation left behind. Its process may take a moment to notice, and write until then. */
async function removeUnfinished(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(unfinished)) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10 });
  }
}

function runCreation(directory: string): Promise<void> {
  const pglite = import.meta.resolve('@electric-sql/pglite');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, pglite, directory], {
      stdio: ['pipe', 'ignore', 'pipe'],
      // Options of the parent, such as a debugger port, must not apply to the child.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let errorOutput = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errorOutput = (errorOutput + text).slice(-2_000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`Creating the database ended with ${signal ?? `exit code ${code}`}. ${errorOutput}`),
        );
    });
  });
}
