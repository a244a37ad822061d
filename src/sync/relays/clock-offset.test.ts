import { expect, it } from 'vitest';
import { createClockOffset, smallestOffset } from './clock-offset.ts';

const day = 86_400_000;
const startMs = 1_800_000_000_000;

it('takes the ping that took the shortest time', () => {
  const offset = createClockOffset();
  expect(offset.currentMs).toBeUndefined();
  for (const latencyMs of [400, 20, 900]) offset.addSample(startMs - latencyMs + 5_000, startMs);
  expect(offset.currentMs).toBe(4_980);
});

it('follows a clock that is corrected, in either direction, after two pings', () => {
  const offset = createClockOffset();
  for (let ping = 0; ping < 20; ping++) offset.addSample(startMs + 3 * day, startMs);
  offset.addSample(startMs + 4_000, startMs + 4_000);
  expect(offset.currentMs).toBe(3 * day);
  offset.addSample(startMs + 8_000, startMs + 8_010);
  expect(offset.currentMs).toBe(0);
  offset.addSample(startMs + 12_000 + day, startMs + 12_000);
  expect(offset.currentMs).toBe(day);
});

it('is not misled by a ping that waited while the device slept', () => {
  const offset = createClockOffset();
  offset.addSample(startMs, startMs);
  const wokenAtMs = startMs + day;
  offset.addSample(startMs + 4_000, wokenAtMs);
  offset.addSample(wokenAtMs, wokenAtMs + 50);
  expect(offset.currentMs).toBe(0);
});

it('does not blame a device whose clock agrees with one of several relays', () => {
  expect(smallestOffset([])).toBeUndefined();
  expect(smallestOffset([5 * day, -40])).toBe(-40);
  expect(smallestOffset([2 * day, 3 * day])).toBe(2 * day);
});
