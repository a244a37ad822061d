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

const beatEveryMs = 2_000;
/** A holder on another machine that has not beaten for this long is gone. */
const silentMs = 10_000;

const lockForm = /^lock\.(\d+)$/;

/**
 * Keeps a directory to this process, as PGlite does not: two on one database lose data without a word. Throws
 * RELAY_STORAGE_LOCKED while another process holds it; what a killed one left behind is taken over.
 *
 * Locks are numbered, and the highest is the one that counts. Taking over means creating the next number, which only
 * one can do, and never means removing a file that might meanwhile be somebody's lock.
 */
export async function lockDirectory(
  directory: string,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<DirectoryLock> {
  for (;;) {
    const held = await highestLock(directory);
    if (held > 0 && (await isHeld(lockPath(directory, held), clock))) throw locked(directory);
    const own = held + 1;
    if (!(await createLock(directory, own))) continue;
    // Somebody may have taken over the same lock, been killed, and been taken over in turn since the look above.
    if ((await highestLock(directory)) !== own) {
      await rm(lockPath(directory, own), { force: true });
      continue;
    }
    await removeLocksBelow(directory, own);
    return keepLock(lockPath(directory, own), logger, clock);
  }
}

/** Who has the directory, without touching it: `unknown` where the holder cannot be asked for from here. */
export async function lookAtLock(directory: string): Promise<'free' | 'held' | 'unknown'> {
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

async function removeLocksBelow(directory: string, own: number): Promise<void> {
  for (const number of await lockNumbers(directory)) {
    if (number < own) await rm(lockPath(directory, number), { force: true });
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
  return (holder && isRunning(holder)) ?? isBeating(path, clock);
}

/** Undefined also for a holder that has created its lock and not written it yet. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Watches a lock whose holder cannot be asked for: a living one touches it. */
async function isBeating(path: string, clock: Clock): Promise<boolean> {
  const before = await touchedAtMs(path);
  if (before === undefined) return false;
  for (let waitedMs = 0; waitedMs < silentMs; waitedMs += beatEveryMs) {
    await new Promise<void>((resolve) => clock.after(beatEveryMs, resolve));
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

function keepLock(path: string, logger: Logger, clock: Clock): DirectoryLock {
  let stopBeating = clock.after(beatEveryMs, beat);
  let isReleased = false;

  function beat(): void {
    const now = new Date(clock.nowMs());
    utimes(path, now, now).catch((error: unknown) =>
      logger.warn('The lock of the storage directory could not be touched', { error }),
    );
    stopBeating = clock.after(beatEveryMs, beat);
  }

  return {
    async release() {
      if (isReleased) return;
      isReleased = true;
      stopBeating();
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
    `Another relay is using the storage in ${directory}. Stop it, or give this one a directory of its own.`,
  );
}
