import type { FaultDone, FaultPlan, Span, WayFaults } from '../../transport/faulty-transport.ts';

export type { FaultPlan, Span, WayFaults };

/** Injected faults between the kernel and its relays, in this page only. Reloading the page ends them. */
export interface Faults {
  readonly name?: string;
  /** Durations longer than the longest run are cut to it. */
  readonly plan: FaultPlan;
  readonly seed: number;
  readonly sinceMs: number;
  readonly endsAtMs: number;
  /** The relays they apply to; absent for all of them. */
  readonly relayIDs?: readonly string[];
}

export interface FaultsNow extends Faults {
  readonly done: FaultCounts;
}

export type FaultCounts = Readonly<Record<FaultDone, number>>;

export interface FaultOptions {
  readonly name?: string;
  /** How long until they end automatically: from 1 s to an hour. Default: five minutes. */
  readonly forMs?: number;
  /** Default: all relays. */
  readonly relayIDs?: readonly string[];
}

export const ordinaryRunMs = 5 * 60_000;
export const longestRunMs = 60 * 60_000;

export const noneDone: FaultCounts = { refused: 0, broken: 0, lost: 0, held: 0, repeated: 0, late: 0 };
