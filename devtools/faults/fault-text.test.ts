import { describe, expect, it, test } from 'vitest';
import { faultPresets } from '../../src/inspect/faults/fault-presets.ts';
import { noneDone } from '../../src/inspect/snapshot/fault-facts.ts';
import { countdown, describeDone, describeFaults, describePlan, remaining } from './fault-text.ts';

test('describes each preset', () => {
  expect(faultPresets.map(({ plan }) => describePlan({ seed: 1, ...plan }))).toEqual([
    'refuses every attempt',
    'both ways: blocked for 20 s of every 60 s',
    'both ways: 350 ms to 450 ms delay, 50 kB/s',
    'from the relay: 10 % lost with all later frames',
    'to the relay: 5 % duplicated, 5 % late with all later frames',
  ]);
});

test('describes a custom plan', () => {
  const plan = { seed: 1, refuse: 0.25, lifeMs: 90_000, up: { close: 0.005 }, down: { delayMs: 40 } };
  expect(describePlan(plan)).toBe(
    'refuses 25 % of attempts · breaks each connection after 90 s · to the relay: 0.5 % of frames break the connection · from the relay: 40 ms delay',
  );
});

describe('a run', () => {
  const faults = { name: 'Offline', plan: { seed: 7, refuse: 1 }, seed: 7, sinceMs: 0, endsAtMs: 108_000 };
  it('names the relays unless all are affected', () => {
    const relay = { id: 'a', host: 'eu.example', url: '', phase: 'connected', phaseSinceMs: 0 } as const;
    expect(describeFaults({ ...faults, relayIDs: ['a'] }, [relay, { ...relay, id: 'b' }])).toBe(
      '“Offline” · on eu.example · refuses every attempt · seed 7',
    );
  });
  it('reports its effects and the remaining time', () => {
    expect(describeDone({ ...faults, done: noneDone })).toBe('nothing yet');
    expect(describeDone({ ...faults, done: { ...noneDone, refused: 1, held: 1_200 } })).toBe(
      '1 attempt refused · 1,200 frames delayed',
    );
    expect([countdown(108_000, 0), countdown(108_000, 107_500), countdown(1, 9)]).toEqual([
      '1:48',
      '0:01',
      '0:00',
    ]);
    expect([remaining(108_000, 0), remaining(48_000, 0)]).toEqual(['1 min 48 s', '48 s']);
  });
});
