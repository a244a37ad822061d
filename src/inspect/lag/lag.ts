import type { Priority, RungName } from '../snapshot.ts';

/**
 * How long edits take to each rung, from real points in time. A sample is one edit: a transaction of this tab, or the
 * header of its new CoValue, timed from the call that made it. Left out are edits from before the inspector was made and
 * of earlier runs, of other tabs (their inspectors have them) and imported ones, as nobody knows when they were made;
 * those that their CoValue's deletion ended; and `leftOut`. Edits that still wait are in `oldest`, not in the windows.
 */
export interface Lag {
  /**
   * The CoValue whose edit has not reached the rung for the longest, among all that wait, also those that are no
   * samples. Absent where none waits, or where nothing can get there: nothing is kept, or no durability promised.
   */
  readonly oldest: Readonly<Partial<Record<RungName, OldestWaiting>>>;
  /** The same edits, shortest time first. */
  readonly windows: readonly LagWindow[];
  readonly leftOut: LeftOut;
}

export interface OldestWaiting {
  readonly id: string;
  /** What its own `name` or `title` says, where the account can read it and it is loaded. */
  readonly name?: string;
  /** When the edit was made, in ms since the Unix epoch, up to 250 ms too early. Of an earlier run: when this run found it. */
  readonly sinceMs: number;
}

/** Edits that are no samples since the inspector was made. */
export interface LeftOut {
  /** Made while as many as are followed at once waited already. */
  readonly tooMany: number;
  /** On their way when this device's clock was put back. One that is put forward cannot be told from time that passed. */
  readonly clock: number;
}

/** What reached its rung lately, whenever it was made. */
export interface LagWindow {
  /** Its name: it covers this long, and up to half a minute more. */
  readonly windowMs: number;
  /** From when on, in ms since the Unix epoch; later than its name says while the inspector is young, or where memory is short. */
  readonly sinceMs: number;
  /** Over all relays: an edit is at a rung when it is so at the slowest of them. */
  readonly all: LagToRungs;
  /** Each by itself, where there are several. */
  readonly relays: readonly LagOfRelay[];
}

export interface LagOfRelay extends Omit<LagToRungs, 'saved'> {
  readonly id: string;
  readonly host: string;
}

/** What an edit was timed to. `answered` is a step of its own: from `sent` to `confirmed`. The others begin with the edit. */
export interface LagToRungs {
  /** Written to this device. */
  readonly saved: LagByPriority;
  /**
   * On the network for the first time, as far as the socket's buffer tells: seen up to 20 ms late, and at the latest when it
   * is confirmed. It does not wait for `saved`.
   */
  readonly sent: LagByPriority;
  /** When this tab had read the relay's word. */
  readonly confirmed: LagByPriority;
  /**
   * The same moment as `confirmed`, where the relay promised what its word survives: it gives it after its commit. Without
   * that promise there are no samples; over all relays, each has to promise it.
   */
  readonly durable: LagByPriority;
  /**
   * How long the relay took from what was sent on the connection that it answered on. Only edits that were seen to be sent
   * before their answer came; over all relays, the slowest answer.
   */
  readonly answered: LagByPriority;
}

export const measures = ['saved', 'sent', 'confirmed', 'durable', 'answered'] as const;
export type Measure = (typeof measures)[number];

/** Without a sample, absent: never 0. Priorities as cojson has them, by what the CoValue is. */
export type LagByPriority = Readonly<Partial<Record<Priority | 'all', LagFigures>>>;

/** Percentiles by nearest rank, exact to the clock's millisecond up to 32 ms, above within 3.2 % of the true value; the worst is exact. */
export interface LagFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}
