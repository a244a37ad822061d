import { statfs } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import { openBallast } from './ballast.ts';

/** Watches the disk of a directory. PGlite spins when the disk is full, so writing must stop before. */
export interface DiskSpace {
  /** True while less than the reserve is free. Looked up every 2 s. */
  readonly isShort: boolean;
  /** Undefined if it cannot be found out. */
  readonly freeBytes: number | undefined;
  /** Removes the ballast if too little is free to open a database. */
  makeRoom(): Promise<void>;
  stop(): void;
}

export interface DiskSpaceOptions {
  /** Where the ballast is kept. */
  readonly directory: string;
  readonly reserveMB: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly freeBytes?: FreeBytes | undefined;
}

/** How much this user may still write. */
export type FreeBytes = (directory: string) => Promise<number>;

export const defaultDiskReserveMB = 256;
const lookEveryMs = 2_000;
const maxBallastBytes = 64_000_000;
/** With more than so many times the reserve free, there is no need to set space aside. */
const ample = 8;
/** A segment of the log, and what recovering a crashed database writes besides. */
const openingBytes = 32_000_000;

export async function watchDiskSpace(options: DiskSpaceOptions): Promise<DiskSpace> {
  const { directory, clock, logger, freeBytes = readFreeBytes } = options;
  const reserveBytes = options.reserveMB * 1_000_000;
  const ballast = await openBallast(directory, Math.min(maxBallastBytes, reserveBytes / 4));
  let isShort = false;
  let freeAtLast: number | undefined;
  let isStopped = false;
  let cancel = () => {};

  async function look(): Promise<number> {
    const free = await readFree();
    freeAtLast = Number.isFinite(free) ? free : undefined;
    if (free < reserveBytes !== isShort) {
      isShort = !isShort;
      const megabytes = { freeMB: Math.floor(free / 1_000_000), reserveMB: options.reserveMB };
      if (isShort) logger.warn('The disk is almost full; refusing content until there is room', megabytes);
      else logger.warn('The disk has room again', megabytes);
    }
    return free;
  }

  async function readFree(): Promise<number> {
    try {
      return await freeBytes(directory);
    } catch (error) {
      logger.warn('Could not find out how much of the disk is free', { error });
      return Infinity;
    }
  }

  async function keepLooking(): Promise<void> {
    const free = await look();
    if (free >= reserveBytes + ballast.bytes && free < ample * reserveBytes) await makeBallast();
    if (!isStopped) cancel = clock.after(lookEveryMs, () => void keepLooking());
  }

  async function makeBallast(): Promise<void> {
    try {
      await ballast.make();
    } catch (error) {
      logger.warn('Could not set space aside on the disk', { error });
    }
  }

  await look();
  cancel = clock.after(lookEveryMs, () => void keepLooking());
  return {
    get isShort() {
      return isShort;
    },
    get freeBytes() {
      return freeAtLast;
    },
    async makeRoom() {
      if ((await look()) < openingBytes) await ballast.remove();
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

async function readFreeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
