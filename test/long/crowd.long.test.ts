import { expect, it } from 'vitest';
import { runCrowd } from './crowd-run.ts';

it(
  'a thousand idle clients stay connected for a minute, hear all edits, and cost no more with time',
  { timeout: 300_000 },
  async () => {
    const figures = await runCrowd({ clients: 1_000, seconds: 60, editsPerSecond: 5 });
    console.log(JSON.stringify(figures));
    expect(figures.growth).toBeLessThan(0.05);
  },
);
