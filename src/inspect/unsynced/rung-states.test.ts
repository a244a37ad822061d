import { describe, expect, it } from 'vitest';
import { rungs, type Overview, type RungName } from '../snapshot/overview-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { Reason, Way, UnsyncedRow } from '../snapshot/unsynced-row.ts';
import { describeRungStates, rungStatesOf, rungStatesOfAll, type RungState } from './rung-states.ts';

const nowMs = 1_000_000;
const youngMs = nowMs - 1_000;
const oldMs = nowMs - 30_000;
const host = 'eu.example';

const open: Way = { kind: 'open' };
const row = (steps: string, reason: Reason, way: Way = open, sinceMs = youngMs): UnsyncedRow => {
  const names = { r: 'reached', p: 'pending', f: 'failed', u: 'unknown' } as const;
  const of = (index: number) => names[steps[index] as keyof typeof names];
  return {
    id: 'co_z1',
    kind: 'CoMap',
    sinceMs,
    steps: { saved: of(0), sent: of(1), confirmed: of(2), durable: of(3) },
    way,
    missingAt: [host],
    reason,
  };
};
const connecting = (sinceMs: number): Way => ({ kind: 'connecting', sinceMs });
const shape = (states: Readonly<Record<RungName, RungState>>) => rungs.map((rung) => states[rung]).join(' ');

describe('rung states of a row', () => {
  it.each([
    ['being sent', row('rppp', { kind: 'sending', host, sinceMs: youngMs }), 'reached waiting ahead ahead'],
    [
      'being sent for too long',
      row('rppp', { kind: 'sending', host, sinceMs: youngMs }, open, oldMs),
      'reached stuck ahead ahead',
    ],
    [
      'no connection, however young',
      row('rppp', { kind: 'not-connected', host, sinceMs: youngMs }, { kind: 'blocked' }),
      'reached stuck ahead ahead',
    ],
    [
      'a connection that is just being made',
      row('rppp', { kind: 'connecting', host, sinceMs: youngMs, attempt: 1 }, connecting(youngMs)),
      'reached waiting ahead ahead',
    ],
    [
      'a connection that does not come',
      row('rppp', { kind: 'connecting', host, sinceMs: oldMs, attempt: 3 }, connecting(oldMs)),
      'reached stuck ahead ahead',
    ],
    [
      'paused: nothing is wrong',
      row('rppp', { kind: 'paused' }, { kind: 'shut' }, oldMs),
      'reached ahead ahead ahead',
    ],
    ['off', row('rppu', { kind: 'off' }, { kind: 'shut' }), 'reached ahead ahead unknown'],
    [
      'an old edit, sent again just now',
      row('rrpp', { kind: 'unconfirmed', host, sentAtMs: youngMs }, open, oldMs),
      'reached reached stuck ahead',
    ],
    [
      'sent and not answered for long',
      row('rrpp', { kind: 'unconfirmed', host, sentAtMs: oldMs }, open, oldMs),
      'reached reached stuck ahead',
    ],
    ['refused', row('rrfp', { kind: 'refused', host }), 'reached reached failed ahead'],
    ['not saved, yet being sent', row('fppp', { kind: 'not-saved' }), 'failed waiting ahead ahead'],
    [
      'not saved, and the relay not there either',
      row('fppp', { kind: 'not-saved' }, { kind: 'blocked' }),
      'failed stuck ahead ahead',
    ],
    ['confirmed, no durability promised', row('prru', { kind: 'saving' }), 'waiting reached reached unknown'],
    ['saving for too long', row('prru', { kind: 'saving' }, open, oldMs), 'stuck reached reached unknown'],
    [
      'confirmed, not durable yet',
      row('rrrp', { kind: 'not-durable', host }),
      'reached reached reached waiting',
    ],
  ])('%s', (_, unsynced, expected) => {
    expect(shape(rungStatesOf(unsynced, nowMs))).toBe(expected);
  });
});

describe('rung states of all', () => {
  const relay = (over: Partial<Relay> = {}): Relay => ({
    id: 'eu',
    host,
    url: `wss://${host}/sync`,
    phase: 'connected',
    phaseSinceMs: oldMs,
    ...over,
  });
  const overview = (over: Partial<Overview> = {}): Overview => ({
    status: 'syncing',
    rungs: {
      saved: { known: true, pending: 0 },
      sent: { known: true, pending: 0 },
      confirmed: { known: true, pending: 0 },
    },
    durability: 'unknown',
    storage: { kind: 'kernel', state: 'ok' },
    relays: [relay()],
    ...over,
  });
  const waiting = { known: true, pending: 2, oldestSinceMs: youngMs };

  it.each([
    ['everything arrived', overview(), 'reached reached reached unknown'],
    [
      'everything durable',
      overview({ rungs: { ...overview().rungs, durable: { known: true, pending: 0 } } }),
      'reached reached reached reached',
    ],
    [
      'on the way',
      overview({ rungs: { ...overview().rungs, confirmed: waiting, durable: waiting } }),
      'reached reached waiting ahead',
    ],
    [
      'no connection',
      overview({
        relays: [relay({ phase: 'waiting', disconnectedSinceMs: youngMs })],
        rungs: { saved: { known: true, pending: 0 }, sent: waiting, confirmed: waiting },
      }),
      'reached stuck ahead unknown',
    ],
    [
      'paused',
      overview({
        status: 'paused',
        rungs: { saved: { known: true, pending: 0 }, sent: waiting, confirmed: waiting },
      }),
      'reached ahead ahead unknown',
    ],
    [
      'writes fail',
      overview({
        rungs: {
          ...overview().rungs,
          saved: { known: true, pending: 1, error: { code: 'STORAGE_FULL', message: 'Full.' } },
        },
      }),
      'failed reached reached unknown',
    ],
    [
      'nothing is kept here',
      overview({ storage: { kind: 'memory', state: 'memory-only' } }),
      'unknown reached reached unknown',
    ],
  ])('%s', (_, all, expected) => {
    expect(shape(rungStatesOfAll(all, nowMs))).toBe(expected);
  });
});

it('lists all four in words', () => {
  const states = { saved: 'failed', sent: 'waiting', confirmed: 'ahead', durable: 'unknown' } as const;
  expect(describeRungStates(states)).toBe(
    'Saved on this device: failed, Sent: waiting, Confirmed by relay: not yet, Durable at relay: unknown',
  );
});
