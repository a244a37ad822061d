/** What goes wrong on a channel, and how often. A plan with only a seed changes nothing. */
export interface FaultPlan {
  /** An integer. With the same seed, the same frames at the same times meet the same faults. */
  readonly seed: number;
  /** Probability that an attempt reaches no server and never opens: 0 to 1. Default 0. */
  readonly refuse?: number;
  /** Each channel breaks this long after it opens, whatever passes on it. Default: never. */
  readonly lifeMs?: Span;
  /** Faults on the way from this device to the relay. Default: none. */
  readonly up?: WayFaults;
  /** Faults on the way from the relay to this device. Default: none. */
  readonly down?: WayFaults;
}

/** Milliseconds: a fixed number, or a random one from the first to the second. `Infinity` means forever. */
export type Span = number | readonly [fromMs: number, toMs: number];

/**
 * Faults in one direction. Probabilities are from 0 to 1 and apply to each frame. As with TCP, the frames of a channel keep
 * their order without gaps; only the end may be cut off.
 */
export interface WayFaults {
  /** Probability that the channel breaks instead of carrying a frame. */
  readonly close?: number;
  /** Probability that this frame and all later ones wait for a while before they continue. Neither side is notified. */
  readonly stall?: { readonly chance: number; readonly ms: Span };
  /**
   * As in a tunnel, all channels pause for `stillMs` at the start of each period of `everyMs`, counted from the creation of
   * the faulty transport. Neither side is notified, and no channel opens during a pause.
   */
  readonly spells?: { readonly everyMs: number; readonly stillMs: number };
  /** Latency of each frame. A frame that would overtake another arrives right after it. */
  readonly delayMs?: Span;
  /**
   * Probability that this frame and all later ones are lost although they count as sent. The channel breaks after
   * `breaksAfterMs`.
   */
  readonly dropTail?: { readonly chance: number; readonly breaksAfterMs: Span };
  /**
   * Probability that a frame arrives twice in a row, as if something in between resent it. A repeated relay `hello`
   * ends the channel, so at 1 no connection lasts.
   */
  readonly duplicate?: number;
  /**
   * Reorders frames across reconnections. Probability that this frame and all later ones are late: the channel breaks after
   * `breaksAfterMs`, and they arrive after the first frame of the next channel. Up, they arrive on the old channel, whose
   * break the relay has not noticed. Down, they arrive on the next channel, which no honest network does: the client then
   * trusts what a relay sent before it lost data.
   */
  readonly reorder?: { readonly chance: number; readonly breaksAfterMs: Span };
  /** Throughput limit. Default: unlimited. */
  readonly charactersPerSecond?: number;
}

/** What a plan did: refused an attempt, broke a channel, or lost, held, repeated or delayed a frame. */
export type FaultDone = 'refused' | 'broken' | 'lost' | 'held' | 'repeated' | 'late';

/** Returns a value within a span. `fraction` is in [0, 1). */
export function momentOf(span: Span, fraction: number): number {
  if (typeof span === 'number') return span;
  const [fromMs, toMs] = span;
  return fromMs === toMs ? fromMs : fromMs + (toMs - fromMs) * fraction;
}

/** Throws RangeError, because an invalid plan is a mistake in the app. */
export function checkPlan({ seed, refuse, lifeMs, up = {}, down = {} }: FaultPlan): void {
  check(Number.isSafeInteger(seed), `the seed of a fault plan must be an integer, but is ${seed}.`);
  checkChance('refuse', refuse);
  checkSpan('lifeMs', lifeMs);
  for (const [way, faults] of Object.entries({ up, down })) {
    const { close, stall, spells, delayMs, dropTail, duplicate, reorder, charactersPerSecond } = faults;
    checkChance(`${way}.close`, close);
    checkChance(`${way}.stall.chance`, stall?.chance);
    checkSpan(`${way}.stall.ms`, stall?.ms);
    check(
      spells === undefined || (spells.stillMs >= 0 && spells.stillMs <= spells.everyMs && spells.everyMs > 0),
      `${way}.spells of a fault plan must have a positive everyMs, and a stillMs from 0 to everyMs.`,
    );
    checkSpan(`${way}.delayMs`, delayMs);
    checkChance(`${way}.dropTail.chance`, dropTail?.chance);
    checkSpan(`${way}.dropTail.breaksAfterMs`, dropTail?.breaksAfterMs);
    checkChance(`${way}.duplicate`, duplicate);
    checkChance(`${way}.reorder.chance`, reorder?.chance);
    checkSpan(`${way}.reorder.breaksAfterMs`, reorder?.breaksAfterMs);
    check(
      charactersPerSecond === undefined || charactersPerSecond > 0,
      `${way}.charactersPerSecond of a fault plan must be above 0.`,
    );
  }
}

function checkChance(name: string, chance = 0): void {
  check(chance >= 0 && chance <= 1, `${name} of a fault plan must be from 0 to 1, but is ${chance}.`);
}

function checkSpan(name: string, span: Span = 0): void {
  const [fromMs, toMs] = typeof span === 'number' ? [span, span] : span;
  check(
    fromMs >= 0 && fromMs <= toMs,
    `${name} of a fault plan must be a time, or a range of times in ascending order.`,
  );
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new RangeError(what);
}
