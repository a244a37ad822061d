import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../base/clock.ts';
import { isKernelError } from '../../../base/kernel-error.ts';
import { silentLogger } from '../../../base/logger.ts';
import { bundleScript } from '../../../../test/support/relay/relay-process.ts';
import { manualClock, steppedClock } from '../../../../test/support/relay/stepped-clock.ts';
import { checkLock, lockDirectory } from './directory-lock.ts';
import { until } from '../../../../test/support/until.ts';

let script: string;
beforeAll(async () => {
  script = await bundleScript('test/support/relay/hold-lock.ts');
});
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'maia-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

const lock = (clock?: Clock) => lockDirectory(directory, silentLogger, clock);
const isLocked = (error: unknown) => isKernelError(error, 'RELAY_STORAGE_LOCKED');
const locksIn = async () => (await readdir(directory)).filter((name) => name.startsWith('lock.'));
const socketsIn = async () => (await readdir(directory)).filter((name) => name.startsWith('.lock-'));
/** Without its socket, a lock is like one from another machine. */
const removeSockets = async () => {
  for (const name of await socketsIn()) await rm(join(directory, name));
};

/** A process that holds the lock. */
async function startHolder(): Promise<ChildProcess> {
  const holder = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return holder;
}

it('excludes a second process until the first releases the lock', async () => {
  const first = await lock();
  await expect(lock()).rejects.toSatisfy(isLocked);
  expect(await checkLock(directory)).toBe('held');
  await first.release();
  await first.release();
  expect(await checkLock(directory)).toBe('free');
  const second = await lock();
  await second.release();
  expect(await readdir(directory)).toEqual([]);
});

it('admits exactly one of many, also if the lock of a killed process exists', async () => {
  const holder = await startHolder();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => lock()));
  const admitted = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  expect(admitted).toHaveLength(1);
  expect(admitted[0]?.isContested).toBe(false);
  expect(await locksIn()).toEqual(['lock.2']);
  expect(await socketsIn()).toHaveLength(1);
  await admitted[0]?.release();
});

it('is found in a directory whose path is too long for a socket', async () => {
  const long = join(directory, 'long'.repeat(40));
  await mkdir(long);
  const first = await lockDirectory(long, silentLogger);
  expect(await checkLock(long)).toBe('held');
  await first.release();
  expect(await readdir(long)).toEqual([]);
});

describe('the lock of a process', () => {
  it('is held while the process is stopped, however many ask, and free once it is killed', async () => {
    const holder = await startHolder();
    holder.kill('SIGSTOP');
    const [name = ''] = await socketsIn();
    const failures: unknown[] = [];
    // More than wait in the queue of a socket that nobody reads.
    for (let i = 0; i < 1_000 && failures.length === 0; i++) {
      const socket = connect(join(directory, name));
      onTestFinished(() => void socket.destroy());
      await new Promise<void>((resolve) => {
        socket.once('connect', resolve);
        // Also once the process is killed.
        socket.on('error', (error) => {
          failures.push(error);
          resolve();
        });
      });
    }
    expect(failures).toEqual([expect.objectContaining({ code: 'EAGAIN' })]);
    expect(await checkLock(directory)).toBe('held');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await checkLock(directory)).toBe('free');
    const next = await lock();
    expect(next.isContested).toBe(false);
    await next.release();
  });
});

// A machine that shares a volume with another one cannot see the processes there.
describe('a lock whose socket cannot decide', () => {
  it.each([
    ['of another machine', JSON.stringify({ name: 'other', scope: 'elsewhere', socket: '.lock-other' })],
    ['of a relay without sockets', JSON.stringify({ pid: process.pid, machine: 'this', startedAt: '1' })],
    ['that is incomplete', '{"name":'],
  ])('%s is watched, and taken over as contested if no process touches it', async (_, content) => {
    await writeFile(join(directory, 'lock.7'), content);
    expect(await checkLock(directory)).toBe('unknown');
    const clock = steppedClock();
    const taken = await lock(clock);
    expect(taken).toMatchObject({ number: 8, isContested: true });
    expect(clock.elapsedMs()).toBeGreaterThanOrEqual(30_000);
    expect(await locksIn()).toEqual(['lock.8']);
    await taken.release();
  });

  it('is respected while the other machine touches it', async () => {
    const path = join(directory, 'lock.7');
    await writeFile(path, JSON.stringify({ name: 'other', scope: 'elsewhere', socket: '.lock-other' }));
    const clock = steppedClock(async (step) => {
      if (step === 14) await utimes(path, 1, 1);
    });
    await expect(lock(clock)).rejects.toSatisfy(isLocked);
    expect(await locksIn()).toEqual(['lock.7']);
  });

  it('stays contested until the database is copied', async () => {
    await writeFile(join(directory, 'lock.7'), '{}');
    await (await lock(steppedClock())).release();
    expect(await locksIn()).toEqual(['lock.8']);
    const second = await lock(steppedClock());
    expect(second).toMatchObject({ number: 9, isContested: true });
    await mkdir(join(directory, 'postgres.9'));
    await second.release();
    expect(await locksIn()).toEqual([]);
    const third = await lock();
    expect(third).toMatchObject({ number: 10, isContested: false });
    await third.release();
  });

  it('stays contested even if the process that took it over was killed before it copied the database', async () => {
    const holder = await startHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const path = join(directory, 'lock.1');
    const content = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...content, isContested: true }));
    expect(await checkLock(directory)).toBe('contested');
    const next = await lock();
    expect(next.isContested).toBe(true);
    await next.release();
  });
});

describe('the holder of a lock that was taken over', () => {
  it('cannot confirm it any more', async () => {
    const first = await lock(manualClock());
    await first.confirm();
    await removeSockets();
    const second = await lock(steppedClock());
    let loss: unknown;
    first.onLost((error) => (loss = error));
    await expect(first.confirm()).rejects.toSatisfy(isLocked);
    expect(loss).toSatisfy(isLocked);
    expect(first.loss).toBe(loss);
    await first.release();
    await second.confirm();
    await second.release();
  });

  it('notices it at its next heartbeat', async () => {
    const clock = manualClock();
    const first = await lock(clock);
    await removeSockets();
    const second = await lock(steppedClock());
    const loss = new Promise((resolve) => first.onLost(resolve));
    clock.tick();
    expect(await loss).toSatisfy(isLocked);
    await first.release();
    await second.release();
  });

  it('does not take a new lock of the same number for its own, and leaves it alone', async () => {
    const first = await lock(manualClock());
    for (const name of await locksIn()) await rm(join(directory, name));
    const second = await lock(manualClock());
    expect(second.number).toBe(first.number);
    await expect(first.confirm()).rejects.toSatisfy(isLocked);
    await first.release();
    await second.confirm();
    await second.release();
  });
});

it('is touched by its holder', async () => {
  const clock = manualClock();
  const held = await lock(clock);
  clock.tick();
  const path = join(directory, 'lock.1');
  await until(async () => expect((await stat(path)).mtimeMs).toBe(clock.nowMs()));
  await held.release();
});
