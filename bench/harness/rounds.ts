/** One side of a comparison. */
export interface Contender {
  readonly name: string;
  /** Measures once and returns named values. `round` is -1 in the warm-up. */
  measure(round: number): Promise<Readonly<Record<string, number>>>;
}

/** The measured values, one number per round. */
export interface Samples {
  /** Throws if nothing of that name was measured. */
  of(contender: string, figure: string): readonly number[];
  has(contender: string): boolean;
}

export const minRounds = 5;

/**
 * Measures the contenders in turn, so that the machine's other load affects all of them, and each goes
 * first in some rounds. Discards a warm-up round unless there is nothing to warm up.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  {
    rounds = minRounds,
    warmUp = true,
  }: { readonly rounds?: number | undefined; readonly warmUp?: boolean } = {},
): Promise<Samples> {
  const samples = new Map<string, number[]>();
  for (let round = warmUp ? -1 : 0; round < rounds; round++) {
    for (const contender of inTurn(contenders, round + 1)) {
      const figures = await contender.measure(round);
      if (round < 0) continue;
      for (const [figure, value] of Object.entries(figures)) {
        const key = keyOf(contender.name, figure);
        samples.set(key, [...(samples.get(key) ?? []), value]);
      }
    }
  }
  return {
    of(contender, figure) {
      const numbers = samples.get(keyOf(contender, figure));
      if (!numbers) throw new Error(`No "${figure}" of ${contender} was measured.`);
      return numbers;
    },
    has: (contender) => contenders.some(({ name }) => name === contender),
  };
}

function inTurn<T>(all: readonly T[], by: number): readonly T[] {
  const start = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}

function keyOf(contender: string, figure: string): string {
  return JSON.stringify([contender, figure]);
}
