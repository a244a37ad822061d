import { expect, it } from 'vitest';
import { runCrowd } from './crowd-run.ts';

const minutes = 30;

it(
  `10,000 idle clients stay connected for ${minutes} minutes, hear all edits, and return at once`,
  { timeout: (minutes + 10) * 60_000 },
  async () => {
    const figures = await runCrowd({ clients: 10_000, seconds: minutes * 60, editsPerSecond: 1 });
    console.log(JSON.stringify(figures));
    expect(figures.bytesEach).toBeLessThanOrEqual(25_000);
    expect(figures.growth).toBeLessThan(0.02);
    expect(figures.reconnectedMs).toBeLessThan(60_000);
    expect(figures.loopP99Ms).toBeLessThan(250);
  },
);
