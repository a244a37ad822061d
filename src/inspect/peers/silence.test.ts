import { expect, it } from 'vitest';
import type { FrameTap, SyncInspection } from '../../sync/inspection.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import { createSilence, silentAfterMs } from './silence.ts';

function start(beganMs?: number) {
  let tap: FrameTap | undefined;
  const setFrameTap = (next: FrameTap | undefined) => void (tap = next);
  const silence = createSilence({ setFrameTap } as SyncInspection, beganMs);
  return {
    silence,
    receive: (atMs: number) => tap?.({ kind: 'received', peerID: 'eu', channel: 1, atMs, text: '{}' }),
    hasTap: () => tap !== undefined,
  };
}
const relay: Relay = {
  id: 'eu',
  host: 'eu.example',
  url: 'wss://eu.example/sync',
  phase: 'connected',
  phaseSinceMs: 0,
};
const overviewOf = (...relays: readonly Relay[]) => ({ relays });

it('finds a connected relay silent once it misses its ping, and not once it has sent something again', () => {
  const { silence, receive } = start();
  const overview = overviewOf(relay);
  receive(1_000);
  expect(silence.addTo(overview, 1_000 + silentAfterMs)).toBe(overview);
  expect(silence.addTo(overview, 1_001 + silentAfterMs).relays).toEqual([
    { ...relay, outage: { kind: 'relay-silent', sinceMs: 1_000 } },
  ]);
  receive(9_000);
  expect(silence.addTo(overview, 9_001)).toBe(overview);
  expect(silence.lastReceivedMs('eu')).toBe(9_000);
});

it('counts a relay that has sent nothing since the inspector began as silent from then on', () => {
  const { silence } = start(2_000);
  const overview = overviewOf(relay);
  expect(silence.addTo(overview, 2_000 + silentAfterMs)).toBe(overview);
  expect(silence.addTo(overview, 9_000).relays[0]?.outage).toEqual({ kind: 'relay-silent', sinceMs: 2_000 });
});

it('claims nothing where frames cannot be seen, and nothing of a relay that is not connected', () => {
  const { silence, receive } = start();
  const unheard = overviewOf({ ...relay, id: 'us' });
  expect(silence.addTo(unheard, 1_000_000)).toBe(unheard);
  receive(1);
  const waiting = overviewOf({ ...relay, phase: 'waiting' });
  expect(silence.addTo(waiting, 1_000_000)).toBe(waiting);
});

it('stops listening', () => {
  const { silence, hasTap } = start();
  silence.close();
  expect(hasTap()).toBe(false);
});
