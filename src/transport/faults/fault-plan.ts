/** What goes wrong on a channel, and how often. An empty plan, with a seed alone, changes nothing. */
export interface FaultPlan {
  /** A whole number. With the same one, the same frames at the same times meet the same faults. */
  readonly seed: number;
  /** How likely it is that an attempt finds nobody and never opens: 0 to 1. Default 0. */
  readonly refuse?: number;
  /** Each channel breaks so long after it opened, whatever passes on it. Default: never for this reason. */
  readonly lifeMs?: Span;
  /** What happens on the way from this device to the relay. Default: nothing. */
  readonly up?: WayFaults;
  /** What happens on the way from the relay to this device. Default: nothing. */
  readonly down?: WayFaults;
}

/** Milliseconds: always so many, or anything from the first number to the second. `Infinity` is for ever. */
export type Span = number | readonly [fromMs: number, toMs: number];

/**
 * The faults of one direction. Chances are from 0 to 1 and count for each frame. On one channel frames keep their order and
 * none is missing between two that arrive, as TCP has it; only its end may be cut off.
 */
export interface WayFaults {
  /** How likely a frame is not carried, and the channel breaks in its place. */
  readonly close?: number;
  /** How likely the way stops: that frame and what comes after it wait for so long, and then go on. Nobody is told. */
  readonly stall?: { readonly chance: number; readonly ms: Span };
  /**
   * The way stands still for `stillMs` at the beginning of each `everyMs`, counted from when the faulty transport was made,
   * and on all its channels at once: as in a tunnel. Nobody is told, and no channel opens meanwhile.
   */
  readonly spells?: { readonly everyMs: number; readonly stillMs: number };
  /** How long each frame is on its way. One that would overtake another arrives right after it. */
  readonly delayMs?: Span;
  /** How likely that frame and all after it are lost, though they count as sent; the channel breaks so long afterwards. */
  readonly dropTail?: { readonly chance: number; readonly breaksAfterMs: Span };
  /**
   * How likely a frame arrives twice, one right after the other, as where something on the way sends again what it holds.
   * A relay's `hello` that comes twice ends the channel, so with 1 no connection lasts.
   */
  readonly duplicate?: number;
  /**
   * Reorders across reconnections. How likely that frame and all after it come late: the channel breaks after
   * `breaksAfterMs`, and they arrive after the first frame of the next one. Up, they arrive on the old channel, which the
   * relay has not seen break. Down, they come in the next channel, which no honest network does: what a relay said before
   * it lost data is then believed after it.
   */
  readonly reorder?: { readonly chance: number; readonly breaksAfterMs: Span };
  /** How many characters pass in a second, at most. Default: any number. */
  readonly charactersPerSecond?: number;
}

/** What a plan has done: refused an attempt, broken a channel, and lost, held up, repeated or put off a frame. */
export type FaultDone = 'refused' | 'broken' | 'lost' | 'held' | 'repeated' | 'late';

/** Anything from the least to the greatest of a span. `fraction` is in [0, 1). */
export function momentOf(span: Span, fraction: number): number {
  if (typeof span === 'number') return span;
  const [fromMs, toMs] = span;
  return fromMs === toMs ? fromMs : fromMs + (toMs - fromMs) * fraction;
}

/** Throws RangeError: a plan that means nothing is a mistake of the developer who wrote it. */
export function checkPlan({ seed, refuse, lifeMs, up = {}, down = {} }: FaultPlan): void {
  check(Number.isSafeInteger(seed), `the seed of a fault plan is a whole number, and not ${seed}.`);
  checkChance('refuse', refuse);
  checkSpan('lifeMs', lifeMs);
  for (const [way, faults] of Object.entries({ up, down })) {
    const { close, stall, spells, delayMs, dropTail, duplicate, reorder, charactersPerSecond } = faults;
    checkChance(`${way}.close`, close);
    checkChance(`${way}.stall.chance`, stall?.chance);
    checkSpan(`${way}.stall.ms`, stall?.ms);
    check(
      spells === undefined || (spells.stillMs >= 0 && spells.stillMs <= spells.everyMs && spells.everyMs > 0),
      `${way}.spells of a fault plan has a time, and a longer one of which it is a part.`,
    );
    checkSpan(`${way}.delayMs`, delayMs);
    checkChance(`${way}.dropTail.chance`, dropTail?.chance);
    checkSpan(`${way}.dropTail.breaksAfterMs`, dropTail?.breaksAfterMs);
    checkChance(`${way}.duplicate`, duplicate);
    checkChance(`${way}.reorder.chance`, reorder?.chance);
    checkSpan(`${way}.reorder.breaksAfterMs`, reorder?.breaksAfterMs);
    check(
      charactersPerSecond === undefined || charactersPerSecond > 0,
      `${way}.charactersPerSecond of a fault plan is above 0.`,
    );
  }
}

function checkChance(name: string, chance = 0): void {
  check(chance >= 0 && chance <= 1, `${name} of a fault plan is from 0 to 1, and not ${chance}.`);
}

function checkSpan(name: string, span: Span = 0): void {
  const [fromMs, toMs] = typeof span === 'number' ? [span, span] : span;
  check(fromMs >= 0 && fromMs <= toMs, `${name} of a fault plan is a time, or one and a later one.`);
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new RangeError(what);
}
