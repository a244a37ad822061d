import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { freePort } from './run.mjs';
import { until } from '../support/until.ts';

const script = join(import.meta.dirname, '../../scripts/start.mjs');
const data = mkdtempSync(join(tmpdir(), 'maia-start-'));
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => rmSync(data, { recursive: true }));

interface StartOptions {
  readonly port?: number;
  readonly relayPort?: number;
  readonly node?: readonly string[];
  /** Runs the command through a shell, as npm does. */
  readonly inShell?: boolean;
}

interface Started {
  readonly child: ChildProcess;
  readonly page: string;
  readonly health: string;
  /** All output, once the process has ended. */
  readonly output: Promise<{ readonly out: string; readonly errors: string; readonly code: number | null }>;
}

async function start(options: StartOptions) {
  const port = options.port ?? (await freePort());
  const relayPort = options.relayPort ?? (await freePort());
  const ports = ['--port', String(port), '--relay-port', String(relayPort)];
  const command = [process.execPath, ...(options.node ?? []), script, ...ports];
  // The last `:` keeps a shell from becoming the command instead of waiting for it.
  const [program = '', ...args] = options.inShell ? ['sh', '-c', '"$@"; :', 'sh', ...command] : command;
  const child = spawn(program, args, {
    cwd: data,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const exit = once(child, 'exit') as Promise<[code: number | null]>;
  const output = Promise.all([text(child.stdout), text(child.stderr), exit]).then(([out, errors, [code]]) => {
    running.delete(child);
    return { out, errors, code };
  });
  const started: Started = {
    child,
    page: `http://localhost:${port}/`,
    health: `http://127.0.0.1:${relayPort}/health`,
    output,
  };
  return started;
}

/** Resolves once the page and a ready relay answer. */
async function startAndWait(options: StartOptions = {}): Promise<Started> {
  const started = await start(options);
  await until(async () => {
    expect((await fetch(started.health)).status).toBe(200);
    expect((await fetch(started.page)).status).toBe(200);
  }, 50_000);
  return started;
}

async function expectNothingLeft({ page, health }: Started): Promise<void> {
  await expect(fetch(page)).rejects.toThrow('fetch failed');
  await expect(fetch(health)).rejects.toThrow('fetch failed');
  // The relay unlocks its directory after it has closed its port.
  await until(() => expect(readdirSync(join(data, 'local-sync.db'))).toEqual(['postgres']));
}

const oneSentence = /^[^\n]+\.\n$/;

/** On a slow machine, Vite reports how long reading its configuration took. */
function withoutTimings(errors: string): string {
  return errors.replace(/\S*\[PLUGIN_TIMINGS\].*?bundlertimings for more details\.\s*/s, '');
}

describe('npm start', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('serves the demo and the relay, until %s', async (signal) => {
    const started = await startAndWait();
    started.child.kill(signal);
    const { out, errors } = await started.output;
    expect(out.split('\n')).toEqual([expect.stringContaining(started.page), '']);
    expect(withoutTimings(errors)).toBe('');
    await expectNothingLeft(started);
  });

  it('does not outlive the shell that npm runs it in', async () => {
    const started = await startAndWait({ inShell: true });
    started.child.kill('SIGTERM');
    await started.output;
    await expectNothingLeft(started);
  });

  it('refuses a database that another one has open, in a sentence', async () => {
    const first = await startAndWait();
    const { output } = await start({});
    expect(await output).toMatchObject({
      out: '',
      errors: expect.stringMatching(oneSentence) as string,
      code: 1,
    });
    expect((await fetch(first.health)).status).toBe(200);
  });

  it('says in a sentence that the port of the page is taken', async () => {
    const first = await startAndWait();
    const { output } = await start({ port: Number(new URL(first.page).port) });
    const { errors, code } = await output;
    expect(errors).toMatch(oneSentence);
    expect(errors).toContain(new URL(first.page).port);
    expect(code).toBe(1);
  });

  it("says in a sentence that the relay's port is taken", async () => {
    const first = await startAndWait();
    const second = await start({ relayPort: Number(new URL(first.health).port) });
    const { errors, code } = await second.output;
    expect(errors).toContain(new URL(first.health).port);
    expect(code).toBe(1);
    await expect(fetch(second.page)).rejects.toThrow('fetch failed');
  });

  it('says in a sentence that Node is too old', async () => {
    const asNode18 = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })`;
    const { output } = await start({
      node: ['--import', `data:text/javascript,${encodeURIComponent(asNode18)}`],
    });
    const { errors, code } = await output;
    expect(errors).toMatch(oneSentence);
    expect(errors).toContain('18.20.8');
    expect(code).toBe(1);
  });
});
