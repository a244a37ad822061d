import { describe, expect, it, test } from 'vitest';
import { faultPresets } from '../../src/inspect/faults/fault-presets.ts';
import { noneDone } from '../../src/inspect/faults/faults.ts';
import { countdown, describeDone, describeFaults, describePlan, remaining } from './fault-text.ts';

test('each preset in words', () => {
  expect(faultPresets.map(({ plan }) => describePlan({ seed: 1, ...plan }))).toEqual([
    'refuses each attempt',
    'both ways: nothing passes for 20 s of each 60 s',
    'both ways: 350 ms to 450 ms on the way, 50 kB/s',
    'from the relay: 10 % are lost, with all after them',
    'to the relay: 5 % come twice, 5 % come late, with all after them',
  ]);
});

test('a plan by hand', () => {
  const plan = { seed: 1, refuse: 0.25, lifeMs: 90_000, up: { close: 0.005 }, down: { delayMs: 40 } };
  expect(describePlan(plan)).toBe(
    'refuses 25 % of attempts · breaks each connection after 90 s · to the relay: 0.5 % break the connection · from the relay: 40 ms on the way',
  );
});

describe('a run', () => {
  const faults = { name: 'Offline', plan: { seed: 7, refuse: 1 }, seed: 7, sinceMs: 0, endsAtMs: 108_000 };
  it('names the relays where it is not all of them', () => {
    const relay = { id: 'a', host: 'eu.example', url: '', phase: 'connected', phaseSinceMs: 0 } as const;
    expect(describeFaults({ ...faults, relayIDs: ['a'] }, [relay, { ...relay, id: 'b' }])).toBe(
      '“Offline” · on eu.example · refuses each attempt · seed 7',
    );
  });
  it('says what it did, and how long it goes on', () => {
    expect(describeDone({ ...faults, done: noneDone })).toBe('nothing yet');
    expect(describeDone({ ...faults, done: { ...noneDone, refused: 1, held: 1_200 } })).toBe(
      '1 attempt refused · 1,200 frames held up',
    );
    expect([countdown(108_000, 0), countdown(108_000, 107_500), countdown(1, 9)]).toEqual([
      '1:48',
      '0:01',
      '0:00',
    ]);
    expect([remaining(108_000, 0), remaining(48_000, 0)]).toEqual(['1 min 48 s', '48 s']);
  });
});
