import type { FaultDone, FaultPlan, Span, WayFaults } from '../../transport/faulty-transport.ts';

export type { FaultPlan, Span, WayFaults };

/** Faults that somebody set: between the kernel and its relays, in this page only. Reloading the page ends them. */
export interface Faults {
  /** As the one who set them calls them. */
  readonly name?: string;
  /** Times in it that are longer than any run of faults are cut to that. */
  readonly plan: FaultPlan;
  readonly seed: number;
  readonly sinceMs: number;
  readonly endsAtMs: number;
  /** Of the relays that they are set for; absent where it is all of them. */
  readonly relayIDs?: readonly string[];
}

/** With what they have done so far. */
export interface FaultsNow extends Faults {
  readonly done: FaultCounts;
}

export type FaultCounts = Readonly<Record<FaultDone, number>>;

export interface FaultOptions {
  readonly name?: string;
  /** When they end by themselves: from 1 s to an hour. Default: five minutes. */
  readonly forMs?: number;
  /** Default: all relays. */
  readonly relayIDs?: readonly string[];
}

export const ordinaryRunMs = 5 * 60_000;
export const longestRunMs = 60 * 60_000;

export const noneDone: FaultCounts = { refused: 0, broken: 0, lost: 0, held: 0, repeated: 0, late: 0 };

/** A time that no run outlives is as good as for ever, and JSON has no word for that. */
export function withoutForever({ lifeMs, up, down, ...plan }: FaultPlan): FaultPlan {
  return {
    ...plan,
    ...(lifeMs !== undefined && { lifeMs: cut(lifeMs) }),
    ...(up && { up: cutWay(up) }),
    ...(down && { down: cutWay(down) }),
  };
}

function cutWay({ stall, spells, delayMs, dropTail, reorder, ...faults }: WayFaults): WayFaults {
  return {
    ...faults,
    ...(stall && { stall: { ...stall, ms: cut(stall.ms) } }),
    ...(spells && { spells: { everyMs: cutMs(spells.everyMs), stillMs: cutMs(spells.stillMs) } }),
    ...(delayMs !== undefined && { delayMs: cut(delayMs) }),
    ...(dropTail && { dropTail: { ...dropTail, breaksAfterMs: cut(dropTail.breaksAfterMs) } }),
    ...(reorder && { reorder: { ...reorder, breaksAfterMs: cut(reorder.breaksAfterMs) } }),
  };
}

function cut(span: Span): Span {
  return typeof span === 'number' ? cutMs(span) : [cutMs(span[0]), cutMs(span[1])];
}

function cutMs(ms: number): number {
  return Math.min(ms, longestRunMs);
}
