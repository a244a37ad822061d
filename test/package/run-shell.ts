import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';

const environment = { ...process.env, NO_COLOR: '1', npm_config_audit: 'false', npm_config_fund: 'false' };

/** Runs lines of a shell to their end. */
export async function runShell(lines: string, cwd: string): Promise<void> {
  const child = spawn('sh', ['-ec', lines], { cwd, stdio: 'inherit', env: environment });
  expect(await once(child, 'exit')).toEqual([0, null]);
}

/** Runs a line until it is closed. Resolves with the first line of its output that matches. */
export async function startShell(
  line: string,
  cwd: string,
  ready: RegExp,
): Promise<{ readonly printed: string; close(): Promise<void> }> {
  // In a group of its own, because `npx` starts others.
  const child = spawn('sh', ['-c', line], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  const ended = once(child.stdout, 'close');
  async function close() {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended; // The output closes with the last process of the group.
  }
  for await (const printed of createInterface(child.stdout)) {
    if (!ready.test(printed)) continue;
    child.stdout.resume();
    return { printed, close };
  }
  throw new Error(`\`${line}\` ended before it printed ${ready}.`);
}
