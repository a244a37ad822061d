import { expect, test } from 'vitest';
import vectors from './vectors.json' with { type: 'json' };
import { recomputeVectors } from './vectors.ts';

test('version 1 is unchanged in Chromium', async () => {
  expect(await recomputeVectors(vectors)).toEqual(vectors);
});
