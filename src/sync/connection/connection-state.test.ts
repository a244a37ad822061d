import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { backOffMs } from './back-off.ts';
import {
  initialState,
  nextState,
  stableAfterMs,
  type ConnectionEvent,
  type ConnectionState,
} from './connection-state.ts';

const error = createKernelError('RELAY_UNREACHABLE', 'x');
const states = {
  offline: { phase: 'offline', failures: 2 },
  connecting: { phase: 'connecting', attempt: 3, failures: 2 },
  waiting: { phase: 'waiting', attempt: 2, retryAtMs: 500, error, failures: 2 },
  connected: { phase: 'connected', sinceMs: 1_000, failures: 2 },
  paused: { phase: 'paused', failures: 0 },
  failed: { phase: 'failed', error, failures: 3 },
  closed: { phase: 'closed', failures: 0 },
} satisfies Record<ConnectionState['phase'], ConnectionState>;

const lost = (online: boolean, lastedMs = 1_000): ConnectionEvent => ({
  kind: 'lost',
  error,
  nowMs: 2_000,
  lastedMs,
  online,
  delayMs: (failures) => failures * 100,
});
const events = {
  connected: { kind: 'connected', nowMs: 2_000 },
  'round-trip': { kind: 'round-trip', roundTripMs: 7 },
  lost: lost(true),
  'lost offline': lost(false),
  rejected: { kind: 'rejected', error },
  'retry-due': { kind: 'retry-due' },
  'try-now': { kind: 'try-now' },
  'network-lost': { kind: 'network-lost' },
  rest: { kind: 'rest' },
  switch: { kind: 'switch' },
  pause: { kind: 'pause' },
  resume: { kind: 'resume', online: true },
  'resume offline': { kind: 'resume', online: false },
  close: { kind: 'close' },
} satisfies Record<string, ConnectionEvent>;

/** Every pair of state and event. A pair that is not listed leaves the state unchanged. */
const moves: Record<keyof typeof states, Partial<Record<keyof typeof events, ConnectionState['phase']>>> = {
  offline: { 'try-now': 'connecting', pause: 'paused', close: 'closed' },
  connecting: {
    connected: 'connected',
    lost: 'waiting',
    'lost offline': 'offline',
    rejected: 'failed',
    pause: 'paused',
    close: 'closed',
  },
  waiting: {
    'retry-due': 'connecting',
    'try-now': 'connecting',
    'network-lost': 'offline',
    pause: 'paused',
    close: 'closed',
  },
  connected: {
    'round-trip': 'connected',
    rest: 'offline',
    switch: 'connecting',
    lost: 'waiting',
    'lost offline': 'offline',
    rejected: 'failed',
    pause: 'paused',
    close: 'closed',
  },
  paused: { resume: 'connecting', 'resume offline': 'offline', close: 'closed' },
  failed: { 'try-now': 'connecting', pause: 'paused', close: 'closed' },
  closed: {},
};

describe('every pair of state and event', () => {
  for (const [phase, state] of Object.entries(states)) {
    for (const [name, event] of Object.entries(events)) {
      const expected = moves[phase as keyof typeof states][name as keyof typeof events];
      it(`${phase} + ${name} → ${expected ?? 'unchanged'}`, () => {
        const next = nextState(state, event);
        if (expected === undefined) expect(next).toBe(state);
        else expect(next.phase).toBe(expected);
      });
    }
  }
});

describe('attempts', () => {
  it('counts attempts from one, and continues after a failure', () => {
    const first = initialState(true);
    expect(first).toMatchObject({ phase: 'connecting', attempt: 1 });
    const waiting = nextState(first, lost(true));
    expect(waiting).toMatchObject({ phase: 'waiting', attempt: 1, retryAtMs: 2_100 });
    expect(nextState(waiting, { kind: 'retry-due' })).toMatchObject({ phase: 'connecting', attempt: 2 });
  });

  it.each(['retry-due', 'try-now'] as const)(
    'keeps why the last one failed after %s, until one connects',
    (kind) => {
      const again = nextState(states.waiting, { kind });
      expect(again).toMatchObject({ phase: 'connecting', error });
      expect(nextState(again, events.connected)).not.toHaveProperty('error');
      expect(nextState(states.connected, events.switch)).not.toHaveProperty('error');
    },
  );

  it('a connection that ends at once counts as a failure', () => {
    const next = nextState(states.connected, lost(true, stableAfterMs - 1));
    expect(next).toMatchObject({ phase: 'waiting', attempt: 3 });
  });

  it('a connection that lasted long resets the count', () => {
    const next = nextState(states.connected, lost(true, stableAfterMs));
    expect(next).toMatchObject({ phase: 'waiting', attempt: 1 });
  });

  it('resuming resets the count', () => {
    expect(nextState(states.paused, events.resume)).toMatchObject({ attempt: 1 });
  });
});

describe('back-off with full jitter', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [4, 8_000],
    [6, 30_000],
    [5_000, 30_000],
  ])('[CONN-1] failure %i is bounded by %i ms', (failures, bound) => {
    expect(backOffMs(failures, 0)).toBe(0);
    expect(backOffMs(failures, 0.5)).toBe(bound / 2);
    expect(backOffMs(failures, 0.999999)).toBeLessThanOrEqual(bound);
  });
});
