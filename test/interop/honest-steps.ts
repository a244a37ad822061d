import { createDice, type Dice } from '../simulation/random.ts';

export type OperationKind =
  | 'edit'
  | 'create'
  | 'group'
  | 'member'
  | 'remove'
  | 'leave'
  | 'invite'
  | 'accept'
  | 'cancel'
  | 'extend'
  | 'unextend'
  | 'everyone';

/** One thing that a person does. Numbers choose among what exists then, so that a run stays valid when steps are left out. */
export interface Operation {
  readonly kind: OperationKind;
  readonly at: number;
  readonly what: number;
  readonly how: number;
  readonly where: number;
  readonly value: number;
  /** Whether all who are connected receive it at once. */
  readonly isShared: boolean;
}

export type Step =
  | Operation
  | { readonly kind: 'wait'; readonly ms: number }
  /** One client sends and receives. */
  | { readonly kind: 'sync'; readonly at: number }
  /** One client loses its connection, or gets it back. */
  | { readonly kind: 'cut' | 'rejoin'; readonly at: number }
  | { readonly kind: 'reload'; readonly at: number; readonly isSameSession: boolean };

export interface Plan {
  /** By client: how much its clock is ahead. */
  readonly clocksMs: readonly number[];
  readonly steps: readonly Step[];
}

const operations: readonly (readonly [weight: number, kind: OperationKind])[] = [
  [45, 'edit'],
  [6, 'create'],
  [3, 'group'],
  [13, 'member'],
  [5, 'remove'],
  [1, 'leave'],
  [4, 'invite'],
  [6, 'accept'],
  [1, 'cancel'],
  [5, 'extend'],
  [2, 'unextend'],
  [2, 'everyone'],
];

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Relays refuse what is dated over 24 h ahead. */
const clocks = [0, 0, 10 * minuteMs, 2 * hourMs, -3 * hourMs, -4 * minuteMs] as const;
const others: readonly (readonly [weight: number, kind: Exclude<Step['kind'], OperationKind>])[] = [
  [60, 'sync'],
  [20, 'wait'],
  [7, 'cut'],
  [10, 'rejoin'],
  [3, 'reload'],
];

export function drawPlan(seed: number, count: number): Plan {
  const dice = createDice(seed);
  const clocksMs = Array.from({ length: 4 }, () => dice.oneOf(clocks) ?? 0);
  return { clocksMs, steps: [...beginning, ...Array.from({ length: count }, () => drawStep(dice))] };
}

/** Two groups of all, with something in them. */
const beginning: readonly Step[] = [0, 2].flatMap((at) =>
  [...(['group', 'create', 'create', 'create'] as const)].map((kind, index): Step => {
    return { kind, at, what: 0, how: index, where: at, value: 0, isShared: true };
  }),
);

function drawStep(dice: Dice): Step {
  const number = () => dice.between(0, 9_999);
  const at = number();
  if (dice.chance(60)) {
    const kind = byWeight(dice, operations);
    const [what, how, where, value] = [number(), number(), number(), number()];
    return { kind, at, what, how, where, value, isShared: dice.chance(45) };
  }
  const kind = byWeight(dice, others);
  if (kind === 'wait') return { kind, ms: drawWait(dice) };
  return kind === 'reload' ? { kind, at, isSameSession: dice.chance(50) } : { kind, at };
}

function drawWait(dice: Dice): number {
  const longestMs = dice.oneOf([1_000, 1_000, minuteMs, minuteMs, hourMs, 20 * hourMs]) ?? 0;
  return dice.between(1, longestMs);
}

function byWeight<T>(dice: Dice, from: readonly (readonly [weight: number, value: T])[]): T {
  let rest = dice.between(
    1,
    from.reduce((sum, [weight]) => sum + weight, 0),
  );
  for (const [weight, value] of from) {
    rest -= weight;
    if (rest <= 0) return value;
  }
  throw new RangeError('Nothing has a weight.');
}
