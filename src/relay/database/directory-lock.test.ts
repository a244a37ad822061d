import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { isKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { lockDirectory } from './directory-lock.ts';
import { thisProcess } from './process-identity.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'maia-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

const lock = (clock?: Clock) => lockDirectory(directory, silentLogger, clock);
const leaveLock = (holder: object) => writeFile(join(directory, 'lock.7'), JSON.stringify(holder));

it('excludes a second process until the first releases the lock', async () => {
  const first = await lock();
  await expect(lock()).rejects.toSatisfy((error) => isKernelError(error, 'RELAY_STORAGE_LOCKED'));
  await first.release();
  await first.release();
  const second = await lock();
  await second.release();
  expect(await readdir(directory)).toEqual([]);
});

it('admits exactly one of many processes, also if a stale lock exists', async () => {
  await leaveLock({ ...thisProcess, pid: await pidOfEndedProcess() });
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => lock()));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(directory)).toEqual(['lock.8']);
  for (const result of results) if (result.status === 'fulfilled') await result.value.release();
});

it('replaces the lock of a killed process', async () => {
  await leaveLock({ ...thisProcess, pid: await pidOfEndedProcess() });
  await (await lock()).release();
});

it('replaces the lock of a killed process whose ID was reused', async () => {
  await leaveLock({ ...thisProcess, startedAt: 'long ago' });
  await (await lock()).release();
});

it('writes its identity into the lock', async () => {
  const held = await lock();
  const content = await readFile(join(directory, 'lock.1'), 'utf8');
  expect(JSON.parse(content)).toEqual(thisProcess);
  expect(thisProcess.pid).toBe(process.pid);
  await held.release();
});

// A container that restarts on the same volume cannot see the processes of the previous one.
it.each([
  ['from another machine', JSON.stringify({ ...thisProcess, machine: 'elsewhere' })],
  ['that is incomplete', '{"pid":'],
])('watches a lock %s and replaces it if no process touches it', async (_, content) => {
  const path = join(directory, 'lock.7');
  await writeFile(path, content);
  const clock = steppedClock();
  const waiting = lock(clock);
  await vi.waitFor(() => expect(clock.steps).toBeGreaterThan(5));
  await (await waiting).release();
});

it('respects a lock from another machine while that machine touches it', async () => {
  const path = join(directory, 'lock.7');
  await writeFile(path, JSON.stringify({ ...thisProcess, machine: 'elsewhere' }));
  const clock = steppedClock(async (step) => {
    if (step === 3) await utimes(path, 1, 1);
  });
  await expect(lock(clock)).rejects.toSatisfy((error) => isKernelError(error, 'RELAY_STORAGE_LOCKED'));
  expect(await readdir(directory)).toEqual(['lock.7']);
});

async function pidOfEndedProcess(): Promise<number | undefined> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid;
}

/** A clock whose timers fire as soon as `during` resolves. */
function steppedClock(during: (step: number) => Promise<void> = async () => {}) {
  const clock = {
    steps: 0,
    nowMs: () => 1_000_000 + clock.steps * 2_000,
    elapsedMs: () => clock.steps * 2_000,
    after(_: number, run: () => void) {
      let isCancelled = false;
      // Twenty steps are enough for the watch; the limit stops the heartbeat that follows.
      if (clock.steps++ < 20) void during(clock.steps).then(() => void (isCancelled || setImmediate(run)));
      return () => {
        isCancelled = true;
      };
    },
  };
  return clock;
}
