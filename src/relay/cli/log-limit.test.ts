import { expect, it } from 'vitest';
import { createLogLimit, linesPerPeriod, periodMs } from './log-limit.ts';

it('limits lines per kind and reports how many were left out', () => {
  let nowMs = 0;
  const limit = createLogLimit(() => nowMs);
  const write = (id: number) => limit(`Skipping message content of client-${id}`);
  const written = Array.from({ length: 100 }, (_, id) => write(id)).filter(({ isWritten }) => isWritten);
  expect(written).toHaveLength(linesPerPeriod);
  expect(limit('Storing failed')).toEqual({ isWritten: true, leftOut: 0 });
  nowMs = periodMs;
  expect(write(100)).toEqual({ isWritten: true, leftOut: 100 - linesPerPeriod });
  expect(write(101)).toEqual({ isWritten: true, leftOut: 0 });
});

it('does not remember kinds forever', () => {
  const limit = createLogLimit(() => 0);
  for (let kind = 0; kind < 10_000; kind++) limit(`${kind}`);
  expect(limit('one more').isWritten).toBe(true);
});
