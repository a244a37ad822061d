import { expect, it, vi } from 'vitest';
import { keepAlive, pingIntervalMs } from './keep-alive.ts';

function steppedClock() {
  let due: (() => void) | undefined;
  const clock = {
    now: 0,
    nowMs: () => clock.now,
    elapsedMs: () => clock.now,
    after(_: number, run: () => void) {
      due = run;
      return () => (due = undefined);
    },
    step() {
      clock.now += pingIntervalMs;
      due?.();
    },
  };
  return clock;
}

it('pings every connection and terminates one that has been silent for 30 s', () => {
  const clock = steppedClock();
  let talkedAtMs = 0;
  const talking = {
    lastSeenAtMs: () => talkedAtMs,
    ping: vi.fn(() => {
      talkedAtMs = clock.now;
    }),
    terminate: vi.fn(),
  };
  const silent = { lastSeenAtMs: () => 0, ping: vi.fn(), terminate: vi.fn() };
  const stop = keepAlive(() => [talking, silent], clock);
  for (let beat = 0; beat < 7; beat++) clock.step();
  expect(silent.ping).toHaveBeenCalledTimes(7);
  expect(silent.terminate).not.toHaveBeenCalled();
  clock.step();
  expect(silent.terminate).toHaveBeenCalledOnce();
  expect(talking.ping).toHaveBeenCalledTimes(8);
  expect(talking.terminate).not.toHaveBeenCalled();

  stop();
  clock.step();
  expect(talking.ping).toHaveBeenCalledTimes(8);
});
