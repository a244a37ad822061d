import { judgeGroup } from '../../src/engine/group-rules/judge-group.ts';
import { createRandom } from '../long/seeded-random.ts';
import type { RandomGroup } from './random-group.ts';

type Refusals = ReturnType<typeof judgeGroup>['refusals'];

export interface SlicedJudgments {
  /** After each slice. */
  readonly inSlices: readonly Refusals[];
  /** Of the same transactions, judged at once. */
  readonly atOnce: readonly Refusals[];
  /** Judgments that changed before the place that was returned as the first one that may be new. */
  readonly unreported: number;
  /** Slices that needed no judging from the start. */
  readonly continued: number;
}

/** Judges a group as if its transactions came in slices of 1 to 8. */
export function judgeInSlices(
  { transactions, context }: RandomGroup,
  seed: number,
  judge = judgeGroup,
): SlicedJudgments {
  const between = createRandom(seed);
  const inSlices: Refusals[] = [];
  const atOnce: Refusals[] = [];
  let [unreported, continued] = [0, 0];
  let from = between(0, 8);
  let judged = judge(transactions.slice(0, from), context);
  while (from < transactions.length) {
    const to = Math.min(transactions.length, from + between(1, 8));
    const before = [...judged.refusals];
    const firstNew = judged.continueWith(transactions.slice(from, to));
    const whole = judge(transactions.slice(0, to), context);
    if (firstNew === undefined) judged = whole;
    else {
      const { refusals } = judged;
      continued++;
      unreported += before.filter((refusal, place) => place < firstNew && refusals[place] !== refusal).length;
    }
    inSlices.push([...judged.refusals]);
    atOnce.push([...whole.refusals]);
    from = to;
  }
  return { inSlices, atOnce, unreported, continued };
}
