import { expect, test } from 'vitest';
import vectors from './vectors.json' with { type: 'json' };
import { recomputeVectors } from './vectors.ts';

test('[ACC-2] version 1 is unchanged in Node', async () => {
  expect(await recomputeVectors(vectors)).toEqual(vectors);
});
