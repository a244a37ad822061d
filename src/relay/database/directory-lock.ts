import { readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../base/clock.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import { isRunning, thisProcess, type ProcessIdentity } from './process-identity.ts';

export interface DirectoryLock {
  /** Safe to call twice. */
  release(): Promise<void>;
}

const heartbeatMs = 2_000;
/** A holder on another machine counts as dead after this time without a heartbeat. */
const maxSilenceMs = 10_000;

const lockForm = /^lock\.(\d+)$/;

/**
 * Locks a directory, because two processes on one PGlite database silently lose data. Throws
 * RELAY_STORAGE_LOCKED while another process holds it; replaces the lock of a killed process.
 *
 * Locks are numbered, and the highest one counts: only one process can create the next number, and no
 * process removes a file that might be the lock of another.
 */
export async function lockDirectory(
  directory: string,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<DirectoryLock> {
  for (;;) {
    const held = await highestLock(directory);
    if (held > 0 && (await isHeld(lockPath(directory, held), clock))) throw locked(directory);
    const next = held + 1;
    if (!(await createLock(directory, next))) continue;
    // Since the check above, another process may have replaced the same lock, been killed, and been replaced in turn.
    if ((await highestLock(directory)) !== next) {
      await rm(lockPath(directory, next), { force: true });
      continue;
    }
    await removeLocksBelow(directory, next);
    return holdLock(lockPath(directory, next), logger, clock);
  }
}

/** Checks the lock without changing it: `unknown` if this process cannot see the holder. */
export async function checkLock(directory: string): Promise<'free' | 'held' | 'unknown'> {
  const highest = await highestLock(directory);
  if (highest === 0) return 'free';
  const holder = await readHolder(lockPath(directory, highest));
  const runs = holder && isRunning(holder);
  return runs === undefined ? 'unknown' : runs ? 'held' : 'free';
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
    if (number < limit) await rm(lockPath(directory, number), { force: true });
  }
}

async function createLock(directory: string, number: number): Promise<boolean> {
  try {
    await writeFile(lockPath(directory, number), JSON.stringify(thisProcess), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isHeld(path: string, clock: Clock): Promise<boolean> {
  const holder = await readHolder(path);
  return (holder && isRunning(holder)) ?? hasHeartbeat(path, clock);
}

/** Also undefined if the holder has created its lock but not yet written it. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Watches a lock whose holder is not visible from here: a live holder touches it. */
async function hasHeartbeat(path: string, clock: Clock): Promise<boolean> {
  const before = await touchedAtMs(path);
  if (before === undefined) return false;
  for (let waitedMs = 0; waitedMs < maxSilenceMs; waitedMs += heartbeatMs) {
    await new Promise<void>((resolve) => clock.after(heartbeatMs, resolve));
    const now = await touchedAtMs(path);
    if (now !== before) return now !== undefined;
  }
  return false;
}

async function touchedAtMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function holdLock(path: string, logger: Logger, clock: Clock): DirectoryLock {
  let cancel = clock.after(heartbeatMs, touch);
  let isReleased = false;

  function touch(): void {
    const now = new Date(clock.nowMs());
    utimes(path, now, now).catch((error: unknown) =>
      logger.warn('Could not renew the lock of the storage directory', { error }),
    );
    cancel = clock.after(heartbeatMs, touch);
  }

  return {
    async release() {
      if (isReleased) return;
      isReleased = true;
      cancel();
      await rm(path, { force: true });
    },
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function locked(directory: string) {
  return createKernelError(
    'RELAY_STORAGE_LOCKED',
    `Another relay is using the storage in ${directory}. Stop that relay, or give this one its own directory.`,
  );
}
