import { createRandom } from '../long/seeded-random.ts';

/** A seeded source of random decisions. */
export interface Dice {
  /** A whole number from `min` to `max`, inclusive. */
  between(min: number, max: number): number;
  /** True with this probability in percent. */
  chance(percent: number): boolean;
  /** Undefined if the list is empty. */
  oneOf<T>(from: readonly T[]): T | undefined;
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

export function createDice(seed: number): Dice {
  const between = createRandom(seed);
  return {
    between,
    chance: (percent) => between(1, 100) <= percent,
    oneOf: (from) => (from.length === 0 ? undefined : from[between(0, from.length - 1)]),
    bytes: (length) => Uint8Array.from({ length }, () => between(0, 255)),
  };
}

/** Replaces the process's randomness, such as keys and IDs, with the dice. Returns a function that restores it. */
export function takeChanceFrom(dice: Dice): () => void {
  const { crypto } = globalThis;
  const { random } = Math;
  Math.random = () => dice.between(0, 2 ** 30) / (2 ** 30 + 1);
  crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    if (array) {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      bytes.forEach((_, index) => (bytes[index] = dice.between(0, 255)));
    }
    return array;
  };
  return () => {
    Math.random = random;
    Reflect.deleteProperty(crypto, 'getRandomValues');
  };
}
