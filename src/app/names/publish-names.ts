import type { Clock } from '../../base/clock.ts';
import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';
import type { OwnNames } from './own-names.ts';

/** Brings a name to every group that lacks it: one after another, so that the page stays responsive. */
export interface Publisher {
  /** Begins now, unless it is at work. */
  begin(): void;
  /** Begins later, when what another device does at this moment has arrived. */
  beginLater(): void;
  close(): void;
}

/** The device on which the name was changed needs less, in nearly all cases. */
const otherDeviceMs = 10_000;

/** In one edit, which has at most 1 MB. */
const maxRecorded = 100;

export function createPublisher(options: {
  readonly clock: Clock;
  readonly own: Pick<OwnNames, 'name' | 'outdated' | 'record'>;
  /** Resolves with false, or rejects, if the name cannot be written in the group now. */
  readonly write: (groupID: string, name: string) => Promise<boolean>;
}): Publisher {
  const { clock, own, write } = options;
  let isRunning = false;
  let isClosed = false;
  let cancelLater: (() => void) | undefined;
  /** By group, the name whose record does not count, because an earlier one has a later date: from a clock that was wrong. */
  const unrecorded = new Map<string, string>();

  /** Returns the groups in which the name cannot be written now. */
  async function writeAll(
    current: string,
    groupIDs: readonly string[],
    slices: TimeSlices,
  ): Promise<readonly string[]> {
    const written: string[] = [];
    const failed: string[] = [];
    for (const groupID of groupIDs) {
      // Another name has been chosen meanwhile.
      if (isClosed || own.name() !== current) break;
      const isWritten = await write(groupID, current).catch(() => false);
      (isWritten ? written : failed).push(groupID);
      if (slices.isOver()) await slices.next();
    }
    if (!isClosed) record(written, current);
    return failed;
  }

  function record(groupIDs: readonly string[], name: string): void {
    own.record(groupIDs, name);
    const outdated = new Set(own.outdated(name));
    for (const groupID of groupIDs) if (outdated.has(groupID)) unrecorded.set(groupID, name);
  }

  /** The groups that lack a name, unless it was written in them already. */
  function dueFor(name: string): readonly string[] {
    return own.outdated(name).filter((groupID) => unrecorded.get(groupID) !== name);
  }

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    try {
      await writeEverywhere();
    } catch {
      // No edits are accepted now. The next session ends what this one has begun.
    } finally {
      isRunning = false;
    }
  }

  async function writeEverywhere(): Promise<void> {
    const slices = createTimeSlices({ nowMs: clock.elapsedMs, nextTask });
    const failed = new Set<string>();
    for (;;) {
      const current = own.name();
      if (isClosed || current === undefined) break;
      const due = dueFor(current).filter((groupID) => !failed.has(groupID));
      if (due.length === 0) break;
      const left = await writeAll(current, due.slice(0, maxRecorded), slices);
      for (const groupID of left) failed.add(groupID);
    }
  }

  function beginLater(): void {
    cancelLater ??= clock.after(otherDeviceMs, () => {
      cancelLater = undefined;
      if (isRunning) beginLater();
      else void run();
    });
  }

  return {
    begin: () => void run(),
    beginLater,
    close() {
      isClosed = true;
      cancelLater?.();
    },
  };
}
