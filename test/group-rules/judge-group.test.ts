import { expect, it } from 'vitest';
import { judgeGroup } from '../../src/engine/group-rules/judge-group.ts';
import { judgeInSlices } from './judge-in-slices.ts';
import { naiveJudge } from './naive-judge.ts';
import { randomGroup } from './random-group.ts';

it.each(Array.from({ length: 20 }, (_, at) => at * 50))(
  '[GROUP-2] [GROUP-3] [GROUP-4] [GROUP-7] decides like a naive implementation, seeds from %i',
  (from) => {
    for (let seed = from; seed < from + 50; seed++) {
      const { transactions, context } = randomGroup(seed);
      const counts = judgeGroup(transactions, context).refusals.map((refusal) => refusal === undefined);
      expect({ seed, counts }).toEqual({ seed, counts: naiveJudge(transactions, context) });
    }
  },
);

it('[GROUP-2] [GROUP-3] [GROUP-4] [GROUP-7] decides the same when the transactions come in slices', () => {
  let continued = 0;
  for (let seed = 0; seed < 2_000; seed++) {
    const judged = judgeInSlices(randomGroup(seed), seed);
    expect({ seed, judged: judged.inSlices }).toEqual({ seed, judged: judged.atOnce });
    expect({ seed, unreported: judged.unreported }).toEqual({ seed, unreported: 0 });
    continued += judged.continued;
  }
  expect(continued).toBeGreaterThan(4_000);
});
