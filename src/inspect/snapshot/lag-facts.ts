import type { RungName } from './overview-facts.ts';
import type { Priority } from './queue-facts.ts';

/**
 * How long this tab's edits (transactions, and headers of new CoValues) take to reach each rung, from the call that made
 * them. Excludes edits from before the inspector was created, imports, edits of deleted CoValues, and `leftOut`. Waiting
 * edits are in `oldest`, not in the windows.
 */
export interface Lag {
  /** The oldest edit that has not reached the rung, sampled or not. Absent if none is waiting or none can reach the rung. */
  readonly oldest: Readonly<Partial<Record<RungName, OldestWaiting>>>;
  /** Shortest window first. */
  readonly windows: readonly LagWindow[];
  readonly leftOut: LeftOut;
}

export interface OldestWaiting {
  readonly id: string;
  /** The CoValue's own `name`, `title`, `label` or `text`, if it is loaded and the account can read it. */
  readonly name?: string;
  /**
   * When the edit was made, in ms since the Unix epoch, up to 250 ms too early. For an earlier run: when this run found
   * it.
   */
  readonly sinceMs: number;
}

/** Edits excluded from the samples since the inspector was created. */
export interface LeftOut {
  /** Made while the maximum number of edits was already waiting. */
  readonly tooMany: number;
  /** In progress when this device's clock was set back. A clock set forward looks like passing time. */
  readonly clock: number;
}

/** Edits that reached their rung recently, whenever they were made. */
export interface LagWindow {
  /** Nominal length: it covers up to half a minute more. */
  readonly windowMs: number;
  /** Its start, in ms since the Unix epoch; later than nominal while the inspector is young or if memory is short. */
  readonly sinceMs: number;
  /** Over all relays: an edit reaches a rung when it does at the slowest relay. */
  readonly all: LagToRungs;
  /** Each relay separately, if there are several. */
  readonly relays: readonly LagOfRelay[];
}

export interface LagOfRelay extends Omit<LagToRungs, 'saved'> {
  readonly id: string;
  readonly host: string;
}

/** Times from the edit to each rung, except `answered`: that is the step from `sent` to `confirmed`. */
export interface LagToRungs {
  /** Written to this device. */
  readonly saved: LagByPriority;
  /** First handed to the network; noticed up to 20 ms late, at the latest on confirmation. Does not wait for `saved`. */
  readonly sent: LagByPriority;
  /** This tab has read the relay's confirmation. */
  readonly confirmed: LagByPriority;
  /** As `confirmed`, but only if the relay promises durability; over all relays, only if each promises it. */
  readonly durable: LagByPriority;
  /**
   * From sending to the answer on the same connection, if the send was noticed before the answer; over all relays, the
   * slowest.
   */
  readonly answered: LagByPriority;
}

export const measures = ['saved', 'sent', 'confirmed', 'durable', 'answered'] as const;
export type Measure = (typeof measures)[number];

/** Absent without a sample, never 0. Priorities are cojson's, by the kind of CoValue. */
export type LagByPriority = Readonly<Partial<Record<Priority | 'all', LagFigures>>>;

/** Percentiles by nearest rank: exact to the millisecond up to 32 ms, within 3.2 % above; the worst is exact. */
export interface LagFigures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}
