import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createPacedRedial } from './paced-redial.ts';

function create() {
  const clock = createFakeClock();
  const dials: number[] = [];
  const redial = vi.fn(() => void dials.push(clock.elapsedMs()));
  return { clock, dials, ...createPacedRedial({ clock, random: () => 0.5, redial }) };
}

it('dials at once if it has not been needed for a minute', () => {
  const { clock, dials, request } = create();
  const beganMs = clock.elapsedMs();
  request();
  clock.advance(60_000);
  request();
  expect(dials).toEqual([beganMs, beganMs + 60_000]);
});

it('dials about 30 times in ten minutes, not without end, if each dial makes another one necessary', () => {
  const { clock, dials, request } = create();
  request();
  for (let ms = 0; ms < 600_000; ms += 100) {
    request();
    clock.advance(100);
  }
  expect(dials.length).toBeGreaterThan(20);
  expect(dials.length).toBeLessThan(60);
});

it('does not dial again for a connection that has ended', () => {
  const { clock, dials, request, cancel } = create();
  request();
  request();
  cancel();
  clock.advance(60_000);
  expect(dials).toHaveLength(1);
});
