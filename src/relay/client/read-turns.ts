/** Shares the event loop among the clients that are read: who has taken the least of it comes first. */
export interface ReadingTurns {
  open(): ReadingTurn;
}

/** One client's part. */
export interface ReadingTurn {
  /**
   * Calls `step` until it is done: at once where that is fair to others, else in later turns of the event loop. Does
   * nothing while steps are due.
   */
  take(step: () => Step): void;
  /** True while others are at work too. */
  isShared(): boolean;
  /** With the connection. */
  close(): void;
}

/** What comes next: another step, another one in the next turn of the event loop, or none. */
export type Step = 'more' | 'later' | 'done';

/** For the steps of all that are due, before sockets and the database come up. */
const turnMs = 2;
/** The same for clients that take much of the loop while others are at work: an edit passes it some ten times on its way. */
const crowdedTurnMs = 0.1;
/** They are read in one of so many turns. The others pass quickly, and take what the database has answered. */
const crowdedTurns = 3;
/** After it, half of what a client has taken is forgotten. */
const halfLifeMs = 250;
/** A client that has taken more than this, of late, takes much: about a seventh of the loop. */
const muchMs = 50;
/** A client is at work for so long after it was read. */
const atWorkMs = 100;

interface Reader {
  step: (() => Step) | undefined;
  takenMs: number;
  takenAtMs: number;
  isOpen: boolean;
}

/** `now` is a clock in milliseconds with parts of them, and need not tell the time of day. */
export function createReadingTurns(now: () => number = () => performance.now()): ReadingTurns {
  const due = new Set<Reader>();
  /** In the order in which they were last read. */
  const atWork = new Set<Reader>();
  let isScheduled = false;
  let crowdedTurn = 0;
  /** Of this turn of the event loop, in which many sockets may have something. */
  let spentMs = 0;

  function runTurn(): void {
    isScheduled = false;
    const startMs = now();
    const readers = [...due].sort((a, b) => takenOf(a, startMs) - takenOf(b, startMs));
    let untilMs = startMs + turnMs;
    let isFirstGreedy = true;
    for (const reader of readers) {
      // Those who take much come last, and what is left of the turn is theirs only where nobody else is at work.
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
    reader.takenMs = takenOf(reader, startMs) + nowMs - startMs;
    reader.takenAtMs = startMs;
    if (!reader.step) due.delete(reader);
    if (reader.isOpen) {
      atWork.delete(reader);
      atWork.add(reader);
    }
  }

  function takenOf({ takenMs, takenAtMs }: Reader, nowMs: number): number {
    return takenMs * 2 ** ((takenAtMs - nowMs) / halfLifeMs);
  }

  function isGreedy(reader: Reader, nowMs: number): boolean {
    return takenOf(reader, nowMs) > muchMs && isShared(reader, nowMs);
  }

  function isShared(reader: Reader, nowMs: number): boolean {
    for (const other of atWork) {
      if (nowMs - other.takenAtMs < atWorkMs) break;
      atWork.delete(other);
    }
    return atWork.size > (atWork.has(reader) ? 1 : 0);
  }

  return {
    open() {
      const reader: Reader = { step: undefined, takenMs: 0, takenAtMs: -Infinity, isOpen: true };
      return {
        take(step) {
          if (reader.step || !reader.isOpen) return;
          reader.step = step;
          due.add(reader);
          const nowMs = now();
          if (spentMs >= turnMs || isGreedy(reader, nowMs)) return schedule();
          // A message that comes alone is not put off.
          run(reader, nowMs + turnMs);
          if (due.has(reader)) schedule();
        },
        isShared: () => isShared(reader, now()),
        close() {
          reader.isOpen = false;
          reader.step = undefined;
          due.delete(reader);
          atWork.delete(reader);
        },
      };
    },
  };
}
