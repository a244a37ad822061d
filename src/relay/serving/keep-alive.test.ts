import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { keepAlive, maxSilenceMs, pingIntervalMs } from './keep-alive.ts';

it('pings every connection and terminates one that has been silent for 30 s', () => {
  const clock = createFakeClock();
  let talkedAtMs = clock.elapsedMs();
  const talking = {
    lastSeenAtMs: () => talkedAtMs,
    ping: vi.fn(() => {
      talkedAtMs = clock.elapsedMs();
    }),
    terminate: vi.fn(),
  };
  const openedAtMs = clock.elapsedMs();
  const silent = { lastSeenAtMs: () => openedAtMs, ping: vi.fn(), terminate: vi.fn() };
  const pings = keepAlive(clock);
  const leave = pings.enter(talking);
  pings.enter(silent);
  clock.advance(7 * pingIntervalMs);
  expect(silent.ping).toHaveBeenCalledTimes(7);
  expect(silent.terminate).not.toHaveBeenCalled();
  clock.advance(maxSilenceMs + pingIntervalMs - 7 * pingIntervalMs);
  expect(silent.terminate).toHaveBeenCalledOnce();
  expect(talking.ping).toHaveBeenCalledTimes(8);
  expect(talking.terminate).not.toHaveBeenCalled();

  leave();
  clock.advance(pingIntervalMs);
  expect(talking.ping).toHaveBeenCalledTimes(8);
});

it('pings no more than a fortieth of the connections at once', () => {
  const clock = createFakeClock();
  const pings = keepAlive(clock);
  let pinged = 0;
  for (let count = 0; count < 4_000; count++) {
    pings.enter({ lastSeenAtMs: () => clock.elapsedMs(), ping: () => void pinged++, terminate: () => {} });
  }
  for (let beat = 1; beat <= 40; beat++) {
    clock.advance(pingIntervalMs / 40);
    expect(pinged).toBe(beat * 100);
  }
  pings.stop();
  clock.advance(pingIntervalMs);
  expect(pinged).toBe(4_000);
});
