import type { FaultPlan, Span, WayFaults } from '../../src/inspect/snapshot/fault-facts.ts';

/** A plan being edited: the raw text of each field, valid or not. */
export interface FaultDraft {
  readonly seed: string;
  /** The share of connection attempts to refuse, in percent. */
  readonly refuse: string;
  /** How long each connection lives, in seconds. */
  readonly life: string;
  readonly up: WayDraft;
  readonly down: WayDraft;
}
export type WayDraft = Readonly<Record<WayField, string>>;
export type WayField =
  'still' | 'every' | 'delay' | 'jitter' | 'throttle' | 'drop' | 'duplicate' | 'reorder' | 'close';
export type Way = 'up' | 'down';

interface Form {
  readonly unit: string;
  /** The name in error messages. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
}
const ofFrames = (name: string): Form => ({ unit: '%', name, min: 0, max: 100 });

export const forms = {
  seed: { unit: '', name: 'Seed', min: 0, max: 2 ** 31 - 1 },
  refuse: { unit: '%', name: 'Refuse', min: 0, max: 100 },
  life: { unit: 's', name: 'Connection lifetime', min: 0, max: 3_600 },
  still: { unit: 's', name: 'Stall', min: 0, max: 3_600 },
  every: { unit: 's', name: 'Stall interval', min: 0, max: 3_600 },
  delay: { unit: 'ms', name: 'Delay', min: 0, max: 60_000 },
  jitter: { unit: 'ms', name: 'Jitter', min: 0, max: 60_000 },
  throttle: { unit: 'kB/s', name: 'Throttle', min: 0, max: 100_000 },
  drop: ofFrames('Drop'),
  duplicate: ofFrames('Duplicate'),
  reorder: ofFrames('Reorder'),
  close: ofFrames('Close'),
} as const satisfies Readonly<Record<string, Form>>;

/** The connection breaks this long after a lost or late frame, because TCP never drops or reorders frames. */
const breaksAfterDropMs: Span = [500, 3_000];
const breaksAfterReorderMs: Span = [200, 1_000];

/** The fields for a plan. An empty field means no fault. */
export function draftOf(plan: Omit<FaultPlan, 'seed'>, seed: string): FaultDraft {
  const { refuse, lifeMs, up, down } = plan;
  return {
    seed,
    refuse: percent(refuse),
    life: lifeMs === undefined ? '' : figure(middle(lifeMs) / 1_000),
    up: wayDraft(up),
    down: wayDraft(down),
  };
}

function wayDraft({ spells, delayMs, charactersPerSecond, ...way }: WayFaults = {}): WayDraft {
  const [from, to] = delayMs === undefined ? [0, 0] : ends(delayMs);
  return {
    still: figure((spells?.stillMs ?? 0) / 1_000),
    every: figure((spells?.everyMs ?? 0) / 1_000),
    delay: figure((from + to) / 2),
    jitter: figure((to - from) / 2),
    throttle: figure((charactersPerSecond ?? 0) / 1_000),
    drop: percent(way.dropTail?.chance),
    duplicate: percent(way.duplicate),
    reorder: percent(way.reorder?.chance),
    close: percent(way.close),
  };
}

export type Read = { readonly plan: FaultPlan } | { readonly problem: string };

/** The plan that the fields describe, or the first problem with them. */
export function readDraft(draft: FaultDraft): Read {
  try {
    const seed = number('seed', draft.seed);
    if (!Number.isInteger(seed) || draft.seed.trim() === '')
      throw new Problem('Enter a whole number as the seed.');
    const refuse = number('refuse', draft.refuse) / 100;
    const life = number('life', draft.life);
    return {
      plan: {
        seed,
        ...(refuse > 0 && { refuse }),
        ...(life > 0 && { lifeMs: life * 1_000 }),
        ...wayOf('up', draft.up),
        ...wayOf('down', draft.down),
      },
    };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}

class Problem extends Error {}

function wayOf(way: Way, draft: WayDraft): Partial<Record<Way, WayFaults>> {
  const value = (field: WayField) => number(field, draft[field], way);
  const [stillMs, everyMs] = [value('still') * 1_000, value('every') * 1_000];
  const [delay, jitter, throttle] = [value('delay'), value('jitter'), value('throttle')];
  const [drop, duplicate, reorder, close] = [
    value('drop') / 100,
    value('duplicate') / 100,
    value('reorder') / 100,
    value('close') / 100,
  ];
  const where = directionText[way];
  if (stillMs > everyMs) throw new Problem(`Stall ${where}: must not be longer than its interval.`);
  if (everyMs > 0 && stillMs === 0)
    throw new Problem(`Stall ${where}: enter how long to stall in each interval of ${everyMs / 1_000} s.`);
  if (jitter > delay) throw new Problem(`Jitter ${where}: must not be greater than the delay.`);
  const faults: WayFaults = {
    ...(everyMs > 0 && { spells: { everyMs, stillMs } }),
    ...(delay > 0 && { delayMs: jitter > 0 ? ([delay - jitter, delay + jitter] as const) : delay }),
    ...(throttle > 0 && { charactersPerSecond: throttle * 1_000 }),
    ...(drop > 0 && { dropTail: { chance: drop, breaksAfterMs: breaksAfterDropMs } }),
    ...(duplicate > 0 && { duplicate }),
    ...(reorder > 0 && { reorder: { chance: reorder, breaksAfterMs: breaksAfterReorderMs } }),
    ...(close > 0 && { close }),
  };
  return Object.keys(faults).length === 0 ? {} : { [way]: faults };
}

export const directionText: Readonly<Record<Way, string>> = { up: 'to the relay', down: 'from the relay' };

function number(field: keyof typeof forms, text: string, way?: Way): number {
  const { name, unit, min, max } = forms[field];
  const trimmed = text.trim();
  const value = trimmed === '' ? 0 : Number(trimmed);
  if (/^[\d.]*$/.test(trimmed) && value >= min && value <= max) return value;
  const where = way ? ` ${directionText[way]}` : '';
  throw new Problem(
    `${name}${where}: enter a number from ${min} to ${max.toLocaleString('en')}${unit && ` ${unit}`}.`,
  );
}

function percent(chance = 0): string {
  return figure(chance * 100);
}

/** Zero becomes an empty field. */
function figure(value: number): string {
  return value === 0 ? '' : String(Math.round(value * 1_000) / 1_000);
}

function ends(span: Span): readonly [number, number] {
  return typeof span === 'number' ? [span, span] : span;
}

function middle(span: Span): number {
  const [from, to] = ends(span);
  return (from + to) / 2;
}
