import { expect, it } from 'vitest';
import { judgeGroup } from '../../src/engine/group-rules/judge-group.ts';
import { judgeInSlices } from './judge-in-slices.ts';
import { naiveJudge } from './naive-judge.ts';
import { randomGroup } from './random-group.ts';

it(
  '[GROUP-2] [GROUP-3] [GROUP-4] [GROUP-7] decides 20,000 random groups like a naive implementation',
  { timeout: 300_000 },
  () => {
    for (let seed = 1_000; seed < 21_000; seed++) {
      const { transactions, context } = randomGroup(seed);
      const counts = judgeGroup(transactions, context).refusals.map((refusal) => refusal === undefined);
      expect({ seed, counts }).toEqual({ seed, counts: naiveJudge(transactions, context) });
    }
  },
);

it(
  '[GROUP-2] [GROUP-3] [GROUP-4] [GROUP-7] decides 50,000 random groups the same when they come in slices',
  { timeout: 300_000 },
  () => {
    for (let seed = 2_000; seed < 52_000; seed++) {
      const { inSlices, atOnce, unreported } = judgeInSlices(randomGroup(seed), seed);
      expect({ seed, inSlices, unreported }).toEqual({ seed, inSlices: atOnce, unreported: 0 });
    }
  },
);
