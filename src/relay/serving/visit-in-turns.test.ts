import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { visitInTurns } from './visit-in-turns.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('visits all items in turns of about 2 ms', async () => {
  const clock = createFakeClock();
  const visited: number[] = [];
  const visit = (item: number) => {
    visited.push(item);
    clock.advance(1);
  };
  const done = vi.fn();
  visitInTurns([1, 2, 3, 4, 5], visit, clock, done);
  expect(visited).toEqual([1, 2]);
  await turn();
  expect(visited).toEqual([1, 2, 3, 4]);
  expect(done).not.toHaveBeenCalled();
  await turn();
  expect(visited).toEqual([1, 2, 3, 4, 5]);
  expect(done).toHaveBeenCalledOnce();
});

it('stops between turns', async () => {
  const clock = createFakeClock();
  const visit = vi.fn(() => clock.advance(2));
  const done = vi.fn();
  const stop = visitInTurns([1, 2, 3], visit, clock, done);
  stop();
  await turn();
  expect(visit).toHaveBeenCalledOnce();
  expect(done).not.toHaveBeenCalled();
});
