import { expect, it } from 'vitest';
import { judgeGroup } from '../../src/engine/group-rules/judge-group.ts';
import { naiveJudge } from './naive-judge.ts';
import { randomGroup } from './random-group.ts';

it.each(Array.from({ length: 20 }, (_, at) => at * 50))(
  '[GROUP-2] [GROUP-3] [GROUP-4] decides like a naive implementation, seeds from %i',
  (from) => {
    for (let seed = from; seed < from + 50; seed++) {
      const { transactions, context } = randomGroup(seed);
      const counts = judgeGroup(transactions, context).refusals.map((refusal) => refusal === undefined);
      expect({ seed, counts }).toEqual({ seed, counts: naiveJudge(transactions, context) });
    }
  },
);
