import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../../..');

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

/** Bundles `maia-relay` into a script for Node, like the package does; removed after the tests of the file. */
export function bundleRelay(): Promise<string> {
  return bundleScript('src/relay/cli/maia-relay.ts');
}

/** Bundles another script of this repository. */
export async function bundleScript(path: string): Promise<string> {
  // Inside node_modules, so that the real dependencies resolve.
  const directory = await mkdtemp(join(root, 'node_modules/.maia-relay-'));
  directories.push(directory);
  const bundle = await rolldown({
    input: join(root, path),
    external: [
      /^node:/,
      'ws',
      'pg',
      'pino',
      'prom-client',
      '@nats-io/transport-node',
      '@electric-sql/pglite',
      '@sqlite.org/sqlite-wasm',
    ],
    platform: 'neutral',
    resolve: { mainFields: ['module', 'main'] },
  });
  const { output } = await bundle.write({ dir: directory, format: 'es', entryFileNames: 'script.mjs' });
  await bundle.close();
  return join(directory, output[0].fileName);
}

export interface RelayProcess {
  /** Resolves with the address of the relay; rejects if the process ends first. */
  readonly url: Promise<string>;
  /** The output so far. */
  readonly printed: { readonly output: string; readonly errors: string };
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

export function spawnRelay(script: string, ...args: readonly string[]): RelayProcess {
  return spawnRelayWith({}, script, ...args);
}

/** Gets no other environment variables but PATH. */
export function spawnRelayWith(
  environment: Readonly<Record<string, string>>,
  script: string,
  ...args: readonly string[]
): RelayProcess {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...environment },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { output: '', errors: '' };
  const ended: RelayProcess['ended'] = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed.output += text;
      const found = /answers on (http:\/\/[^\s,]+)/.exec(printed.output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.errors += text));
    void ended.then(() => reject(new Error(`The relay ended. ${printed.errors}`)));
  });
  // Some tests only wait for the end and do not use the address.
  url.catch(() => undefined);
  return { url, printed, ended, kill: (signal) => void child.kill(signal) };
}
