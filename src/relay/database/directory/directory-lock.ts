import { readFileSync } from 'node:fs';
import { open, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../base/clock.ts';
import { createKernelError } from '../../../base/kernel-error.ts';
import type { Logger } from '../../../base/logger.ts';
import { findGeneration } from './generations.ts';
import { hasCode } from './has-code.ts';
import { randomName } from '../random-name.ts';
import { openLockSocket, probeLockSocket, type LockSocket } from './lock-socket.ts';

export interface DirectoryLock {
  readonly number: number;
  /** The earlier holder may still run, on another machine. Before the database is opened, it must be copied. */
  readonly isContested: boolean;
  /** Set once the loss of the lock has been noticed. */
  readonly loss: Error | undefined;
  /** Looks at the lock. Rejects with RELAY_STORAGE_LOCKED if another process has taken it over. */
  confirm(): Promise<void>;
  /** Calls `listener` once the loss of the lock is noticed. */
  onLost(listener: (error: Error) => void): void;
  /** Safe to call twice. */
  release(): Promise<void>;
}

/** What a lock's file contains. */
interface LockContent {
  /** Distinguishes the lock from one of the same number, after somebody has deleted the file. */
  readonly name: string;
  /** Within it, the file of a socket leads to its listener: one boot of one kernel, and one mount of the file system. */
  readonly scope: string;
  readonly socket?: string;
  readonly isContested: boolean;
}

const heartbeatMs = 2_000;
/** Where the socket cannot decide, a holder counts as dead after this time without a heartbeat. */
const maxSilenceMs = 30_000;

const lockForm = /^lock\.(\d+)$/;

/**
 * Locks a directory, because two processes on one PGlite database silently lose data. Throws
 * RELAY_STORAGE_LOCKED while another process holds it; replaces the lock of a killed process.
 *
 * Locks are numbered, and the highest one counts: only one process can create the next number, and no
 * process removes a file that might be the lock of another, unless it takes that lock over.
 */
export async function lockDirectory(
  directory: string,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<DirectoryLock> {
  const scope = await scopeOf(directory);
  const socket = await openLockSocket(directory);
  try {
    for (;;) {
      const held = await highestLock(directory);
      const state = await stateOf(directory, held, scope);
      const earlier = state === 'unknown' ? await watchHeartbeat(lockPath(directory, held), clock) : state;
      if (earlier === 'held') throw locked(directory);
      if (earlier === 'gone') continue;
      const isContested = earlier !== 'free';
      const generation = (await findGeneration(directory))?.number ?? 0;
      const number = Math.max(held, generation) + 1;
      const lock: LockContent = {
        name: randomName(),
        scope,
        ...(socket && { socket: socket.name }),
        isContested,
      };
      const content = Buffer.from(JSON.stringify(lock));
      if (!(await createLock(directory, number, content))) continue;
      // Since the check above, another process may have replaced the same lock, been killed, and been replaced in turn.
      if ((await highestLock(directory)) !== number) {
        await rm(lockPath(directory, number), { force: true });
        continue;
      }
      await removeLocksBelow(directory, number);
      return holdLock(directory, number, { content, isContested, socket, logger, clock });
    }
  } catch (error) {
    await socket?.close();
    throw error;
  }
}

/** Checks the lock without changing it. */
export async function checkLock(directory: string): Promise<'free' | 'contested' | 'held' | 'unknown'> {
  return stateOf(directory, await highestLock(directory), await scopeOf(directory));
}

function lockPath(directory: string, number: number): string {
  return join(directory, `lock.${number}`);
}

async function lockNumbers(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => lockForm.exec(name)?.[1] ?? []).map(Number);
}

async function highestLock(directory: string): Promise<number> {
  return Math.max(0, ...(await lockNumbers(directory)));
}

async function removeLocksBelow(directory: string, limit: number): Promise<void> {
  for (const number of await lockNumbers(directory)) {
    if (number >= limit) continue;
    const path = lockPath(directory, number);
    const socket = (await readLock(path))?.socket;
    await rm(path, { force: true });
    if (socket !== undefined) await rm(join(directory, socket), { force: true });
  }
}

async function createLock(directory: string, number: number, content: Buffer): Promise<boolean> {
  try {
    await writeFile(lockPath(directory, number), content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Undefined if the lock is gone, or its holder has created it but not yet written it. */
async function readLock(path: string): Promise<Partial<LockContent> | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<LockContent>;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * `unknown`: only heartbeats can tell if the holder lives. `contested`: it ended, but before it had copied the database of
 * an earlier holder that may live.
 */
async function stateOf(
  directory: string,
  number: number,
  scope: string,
): Promise<'free' | 'contested' | 'held' | 'unknown'> {
  if (number === 0) return 'free';
  const lock = await readLock(lockPath(directory, number));
  if (lock?.socket === undefined || lock.scope !== scope) return 'unknown';
  const answer = await probeLockSocket(directory, lock.socket);
  if (answer !== 'free' || lock.isContested !== true) return answer;
  return (await isCopied(directory, number)) ? 'free' : 'contested';
}

/** A live holder touches its lock. */
async function watchHeartbeat(path: string, clock: Clock): Promise<'held' | 'silent' | 'gone'> {
  const before = await touchedAtMs(path);
  for (let waitedMs = 0; waitedMs < maxSilenceMs; waitedMs += heartbeatMs) {
    await new Promise<void>((resolve) => clock.after(heartbeatMs, resolve));
    const now = await touchedAtMs(path);
    if (now === undefined) return 'gone';
    if (now !== before) return 'held';
  }
  return 'silent';
}

async function touchedAtMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

interface Holding {
  readonly content: Buffer;
  readonly isContested: boolean;
  readonly socket: LockSocket | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

function holdLock(directory: string, number: number, holding: Holding): DirectoryLock {
  const { content, isContested, socket, logger, clock } = holding;
  const path = lockPath(directory, number);
  let cancel = clock.after(heartbeatMs, () => void beat());
  let isReleased = false;
  let loss: Error | undefined;
  let notifyLost: (error: Error) => void = () => {};

  async function beat(): Promise<void> {
    try {
      await confirm();
      const now = new Date(clock.nowMs());
      await utimes(path, now, now);
    } catch (error) {
      if (!loss && !isReleased) logger.warn('Could not renew the lock of the storage directory', { error });
    }
    if (!loss && !isReleased) cancel = clock.after(heartbeatMs, () => void beat());
  }

  async function confirm(): Promise<void> {
    if (!(await hasContent(path, content))) lose();
    if (loss) throw loss;
  }

  function lose(): void {
    if (loss || isReleased) return;
    loss = takenOver(directory);
    notifyLost(loss);
  }

  return {
    number,
    isContested,
    get loss() {
      return loss;
    },
    confirm,
    onLost(listener) {
      notifyLost = listener;
      if (loss) listener(loss);
    },
    async release() {
      if (isReleased) return;
      isReleased = true;
      cancel();
      // Without a copy, the next process must make one: the earlier holder may still write to the database.
      const isDone = !isContested || (await isCopied(directory, number));
      if (isDone && (await hasContent(path, content))) await rm(path, { force: true });
      await socket?.close();
    },
  };
}

/** On a network file system, opening a file asks the server, but other calls may answer from a cache. */
async function hasContent(path: string, content: Buffer): Promise<boolean> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(content.length), 0, content.length, 0);
      return bytesRead === content.length && buffer.equals(content);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function isCopied(directory: string, number: number): Promise<boolean> {
  return (await findGeneration(directory))?.number === number;
}

async function scopeOf(directory: string): Promise<string> {
  const { dev } = await stat(directory);
  return `${bootName()} ${dev}`;
}

function bootName(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}

function locked(directory: string) {
  return createKernelError(
    'RELAY_STORAGE_LOCKED',
    `Another relay is using the storage in ${directory}. Stop that relay, or use another directory.`,
  );
}

function takenOver(directory: string) {
  return createKernelError(
    'RELAY_STORAGE_LOCKED',
    `Another relay has taken over the storage in ${directory}, because this one did not renew its lock for 30 s. This relay acknowledges nothing more. Run only one relay on this directory.`,
  );
}
