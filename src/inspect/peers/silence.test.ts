import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { PeerInspection } from '../../sync/inspection.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { silentAfterMs, withSilence } from './silence.ts';

const relay: Relay = {
  id: 'eu',
  host: 'eu.example',
  url: 'wss://eu.example/sync',
  phase: 'connected',
  phaseSinceMs: 0,
};
const overviewOf = (...relays: readonly Relay[]) => ({ relays });
const heard = (receivedAtMs?: number): readonly PeerInspection[] => [
  { id: 'eu', bufferedBytes: 0, unacknowledgedMessages: 0, receivedAtMs },
];

it('finds a connected relay silent once it misses its ping', () => {
  const clock = createFakeClock(1_000_000);
  const overview = overviewOf(relay);
  clock.advance(2_000 + silentAfterMs);
  expect(withSilence(overview, heard(2_000), clock)).toBe(overview);
  clock.advance(1);
  expect(withSilence(overview, heard(2_000), clock).relays).toEqual([
    { ...relay, outage: { kind: 'relay-silent', sinceMs: 1_002_000 } },
  ]);
  expect(withSilence(overview, heard(9_000), clock)).toBe(overview);
});

it('gives one silence the same date, although the clocks count in different fractions', () => {
  const clock = createFakeClock();
  clock.advance(20_000);
  const outageNow = () => withSilence(overviewOf(relay), heard(2_000), clock).relays[0]?.outage;
  const before = outageNow();
  clock.jump(0.7);
  expect(outageNow()).toEqual(before);
});

it('claims nothing where frames cannot be seen, and nothing of a relay that is not connected', () => {
  const clock = createFakeClock();
  clock.advance(20_000);
  const overview = overviewOf(relay);
  expect(withSilence(overview, heard(), clock)).toBe(overview);
  expect(withSilence(overview, [], clock)).toBe(overview);
  const waiting = overviewOf({ ...relay, phase: 'waiting' });
  expect(withSilence(waiting, heard(2_000), clock)).toBe(waiting);
});
