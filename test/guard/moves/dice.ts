import type { JsonValue } from 'cojson';
import { createDice as createPlainDice, type Dice as PlainDice } from '../../simulation/random.ts';

type Weighted<T> = readonly (readonly [weight: number, value: T])[];

/** Seeded decisions about lists that are not empty. */
export interface Dice extends PlainDice {
  pick<T>(from: readonly T[]): T;
  byWeight<T>(from: Weighted<T>): T;
  shuffle<T>(values: readonly T[]): T[];
  /** Any JSON, of the kinds that confuse readers. */
  json(depth?: number): JsonValue;
}

const oddTexts = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'start',
  'end',
  'co_zabc',
  'key_zabc',
  'x_session_z',
];
const oddNumbers = [0, -1, 1, 0.5, 2 ** 53, 1e300];

export function createDice(seed: number): Dice {
  const plain = createPlainDice(seed);
  const { between } = plain;
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw new RangeError('There is nothing to draw from.');
    return from[between(0, from.length - 1)] as T;
  };
  const json = (depth = 2): JsonValue => {
    const kind = between(0, depth > 0 ? 6 : 4);
    if (kind === 0) return null;
    if (kind === 1) return plain.chance(50);
    if (kind === 2) return pick(oddNumbers);
    if (kind < 5) return pick(oddTexts);
    const values = Array.from({ length: between(0, 3) }, () => json(depth - 1));
    return kind === 5
      ? values
      : Object.fromEntries(values.map((value) => [pick([...oddTexts, ...fields]), value]));
  };
  return {
    ...plain,
    pick,
    json,
    byWeight(from) {
      let rest = between(
        1,
        from.reduce((sum, [weight]) => sum + weight, 0),
      );
      return (from.find(([weight]) => (rest -= weight) <= 0) ?? pick(from))[1];
    },
    shuffle(values) {
      const rest = [...values];
      return values.map(() => rest.splice(between(0, rest.length - 1), 1)[0] as (typeof rest)[number]);
    },
  };
}

const fields = ['op', 'key', 'value', 'after', 'before', 'insertion', 'sessionID', 'type', 'chunk'];
