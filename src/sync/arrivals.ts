import type { Clock } from '../base/clock.ts';
import type { Pacer } from '../base/pacer.ts';

/** One message as it came. It may wait before it is read. */
export interface Arrival {
  readonly line: string;
  /** In ms since the Unix epoch. */
  readonly atMs: number;
}

/** What came over one channel and waits to be read, in the order in which it was sent. */
export interface Arrivals {
  readonly waitingBytes: number;
  /** The messages of one frame. */
  add(lines: readonly string[]): void;
  /** Takes out what waits. */
  clear(): readonly Arrival[];
}

/** What a browser takes for receiving a frame that is longer belongs to the task that it comes in. */
const shortFrame = 100_000;

/**
 * A relay that answers thousands of loads would hold up the page, so that its messages are read a few milliseconds at a
 * time. cojson asks for no more than a thousand CoValues at once, and for the next ones as these are read: that bounds what
 * waits here, as a browser's WebSocket cannot make the other side wait.
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
      const atMs = clock.nowMs();
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

/** Whether a relay may say by it why it closes. */
export function mayBeRefusal({ line }: Arrival): boolean {
  return line.includes('"maia"') && line.includes('"refused"');
}
