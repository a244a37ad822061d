import { systemClock, type Clock } from '../../../base/clock.ts';

/** Shares the event loop among the clients being read: those that used the least of it come first. */
export interface ReadTurns {
  open(): ReadTurn;
}

export interface ReadTurn {
  /** Calls `step` until it returns `done`: now if that is fair, else in later turns. Ignored while steps are scheduled. */
  take(step: () => Step): void;
  /** True while other clients are being read too. */
  isShared(): boolean;
  /** Call it when the connection ends. */
  close(): void;
}

/** What to do next: another step, another step in the next turn of the event loop, or none. */
export type Step = 'more' | 'later' | 'done';

/** Time per turn for the steps of all clients, before sockets and the database get theirs. */
const turnMs = 2;
/** The same for greedy clients while others are active. Short, because an edit passes through about ten turns. */
const crowdedTurnMs = 0.1;
/** Greedy clients are read in every fourth turn. The other turns stay short, for database results. */
const crowdedTurns = 4;
/** The half-life of used time. */
const halfLifeMs = 250;
/** A client that recently used more than this, about a seventh of the loop, is greedy. */
const greedyMs = 50;
/** A client whose messages take longer than this each waits after each of them. */
const longMs = 20;
/** How many times as long, so that the others have most of the event loop. */
const restPerLong = 3;
/** How long a client counts as active after it was read. */
const activeMs = 100;

interface Turns {
  take(reader: Reader, step: () => Step): void;
  isShared(reader: Reader): boolean;
  close(reader: Reader): void;
}

class Reader implements ReadTurn {
  step: (() => Step) | undefined;
  usedMs = 0;
  usedAtMs = -Infinity;
  isOpen = true;
  isResting = false;

  constructor(private readonly turns: Turns) {}

  take(step: () => Step): void {
    this.turns.take(this, step);
  }

  isShared(): boolean {
    return this.turns.isShared(this);
  }

  close(): void {
    this.turns.close(this);
  }
}

/** `now` is a monotonic clock in fractional milliseconds. */
export function createReadTurns(
  now: () => number = () => performance.now(),
  after: Clock['after'] = systemClock.after,
): ReadTurns {
  const due = new Set<Reader>();
  /** Ordered by the time they were last read. */
  const active = new Set<Reader>();
  let isScheduled = false;
  let crowdedTurn = 0;
  /** Time spent in this turn of the event loop; many sockets may deliver data in one turn. */
  let spentMs = 0;

  function runTurn(): void {
    isScheduled = false;
    const startMs = now();
    const readers = [...due].sort((a, b) => usedBy(a, startMs) - usedBy(b, startMs));
    let untilMs = startMs + turnMs;
    let isFirstGreedy = true;
    for (const reader of readers) {
      // Greedy clients come last. They get the rest of the turn only while no other client is active.
      if (isFirstGreedy && isGreedy(reader, startMs)) {
        isFirstGreedy = false;
        if (crowdedTurn++ % crowdedTurns !== 0) break;
        untilMs = now() + crowdedTurnMs;
      } else if (now() >= untilMs) break;
      run(reader, untilMs);
    }
    if (due.size > 0) schedule();
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(runTurn);
  }

  function run(reader: Reader, untilMs: number): void {
    const startMs = now();
    let nowMs = startMs;
    for (let next: Step = 'more'; next === 'more' && nowMs < untilMs; nowMs = now()) {
      next = reader.step?.() ?? 'done';
      if (next === 'done') reader.step = undefined;
    }
    if (spentMs === 0) setImmediate(() => void (spentMs = 0));
    spentMs += nowMs - startMs;
    reader.usedMs = usedBy(reader, startMs) + nowMs - startMs;
    reader.usedAtMs = startMs;
    if (nowMs - startMs > longMs) rest(reader, restPerLong * (nowMs - startMs));
    if (!reader.step || reader.isResting) due.delete(reader);
    if (reader.isOpen) {
      active.delete(reader);
      active.add(reader);
    }
  }

  function rest(reader: Reader, ms: number): void {
    reader.isResting = true;
    after(ms, () => {
      reader.isResting = false;
      if (!reader.step) return;
      due.add(reader);
      schedule();
    });
  }

  function usedBy({ usedMs, usedAtMs }: Reader, nowMs: number): number {
    return usedMs * 2 ** ((usedAtMs - nowMs) / halfLifeMs);
  }

  function isGreedy(reader: Reader, nowMs: number): boolean {
    return usedBy(reader, nowMs) > greedyMs && isShared(reader, nowMs);
  }

  function isShared(reader: Reader, nowMs: number): boolean {
    for (const other of active) {
      if (nowMs - other.usedAtMs < activeMs) break;
      active.delete(other);
    }
    return active.size > (active.has(reader) ? 1 : 0);
  }

  const turns: Turns = {
    take(reader, step) {
      if (reader.step || !reader.isOpen) return;
      reader.step = step;
      if (reader.isResting) return;
      due.add(reader);
      const nowMs = now();
      if (spentMs >= turnMs || isGreedy(reader, nowMs)) return schedule();
      // Handle a single message without delay.
      run(reader, nowMs + turnMs);
      if (due.has(reader)) schedule();
    },
    isShared: (reader) => isShared(reader, now()),
    close(reader) {
      reader.isOpen = false;
      reader.step = undefined;
      due.delete(reader);
      active.delete(reader);
    },
  };
  return { open: () => new Reader(turns) };
}
