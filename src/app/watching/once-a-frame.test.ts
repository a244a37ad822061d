import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { onceAFrame } from './once-a-frame.ts';

const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

it('[WATCH-13] runs the first at the end of the turn, and others a frame later', async () => {
  const clock = createFakeClock();
  const later = onceAFrame(clock);
  const runs: string[] = [];
  later(() => runs.push('first'));
  expect(runs).toEqual([]);
  await turn();
  expect(runs).toEqual(['first']);
  later(() => runs.push('second'));
  clock.advance(15);
  await turn();
  expect(runs).toEqual(['first']);
  clock.advance(1);
  expect(runs).toEqual(['first', 'second']);
  clock.advance(16);
  later(() => runs.push('third'));
  await turn();
  expect(runs).toEqual(['first', 'second', 'third']);
});
