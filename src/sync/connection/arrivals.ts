import type { Clock } from '../../base/clock.ts';
import type { Pacer } from '../../base/pacer.ts';

/** A received message that may have to wait before it is read. */
export interface Arrival {
  readonly line: string;
  /** By the clock's `elapsedMs`. */
  readonly atMs: number;
}

/** Messages received on one channel and not yet read, in the order in which they were sent. */
export interface Arrivals {
  readonly waitingBytes: number;
  add(lines: readonly string[]): void;
  /** Removes and returns the waiting messages. */
  clear(): readonly Arrival[];
}

/** In characters. Receiving a longer frame already takes time, so its messages are read in a later task. */
const shortFrame = 100_000;

/**
 * Reads messages a few milliseconds at a time, because a relay that answers thousands of loads would otherwise block the
 * page. The backlog is bounded: cojson has at most a thousand loads open and requests more only as these are read. A
 * browser's WebSocket has no back-pressure.
 */
export function createArrivals(pacer: Pacer, clock: Clock, read: (arrival: Arrival) => void): Arrivals {
  let waitingBytes = 0;
  const lane = pacer.lane<Arrival>((arrival) => {
    waitingBytes -= arrival.line.length;
    read(arrival);
  });
  return {
    get waitingBytes() {
      return waitingBytes;
    },
    add(lines) {
      const atMs = clock.elapsedMs();
      const before = waitingBytes;
      for (const { length } of lines) waitingBytes += length;
      const arrivals = lines.map((line) => ({ line, atMs }));
      if (waitingBytes - before > shortFrame) lane.pushLater(arrivals);
      else lane.push(arrivals);
    },
    clear() {
      waitingBytes = 0;
      return lane.clear();
    },
  };
}

/** Whether the message may be the relay's reason for closing the connection. */
export function mayBeRefusal({ line }: Arrival): boolean {
  return line.includes('"maia"') && line.includes('"refused"');
}
