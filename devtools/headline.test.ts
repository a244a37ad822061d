import { describe, expect, it } from 'vitest';
import type { Overview, Relay } from '../src/inspect/snapshot.ts';
import { headlineOf, pendingCount } from './headline.ts';

const nowMs = 1_000_000;
const relay = (over: Partial<Relay> = {}): Relay => ({
  id: 'eu',
  host: 'eu.example',
  url: 'wss://eu.example/sync',
  phase: 'connected',
  phaseSinceMs: nowMs - 60_000,
  ...over,
});
const lost = (phase: Relay['phase'], over: Partial<Relay> = {}) =>
  relay({ phase, disconnectedSinceMs: nowMs - 14_000, ...over });
const none = { pending: 0 };
const overview = (over: Partial<Overview> = {}): Overview => ({
  status: 'confirmed',
  rungs: { saved: none, sent: none, confirmed: none, durable: none },
  durability: 'process-crash',
  storage: { kind: 'kernel', state: 'ok' },
  relays: [relay()],
  ...over,
});
const five = { pending: 5, oldestSinceMs: nowMs - 46_000 };
const full = { code: 'STORAGE_FULL', message: 'Full. Free some space.' };

describe('headline', () => {
  it.each<[string, Overview | undefined, string, readonly string[]]>([
    ['no session', undefined, 'Nobody is signed in', ['this fills when a session opens']],
    [
      'all confirmed',
      overview(),
      'Everything is confirmed by eu.example',
      ['what it has survives a crash of the relay'],
    ],
    [
      'a relay that promises nothing',
      overview({ rungs: { saved: none, sent: none, confirmed: none }, durability: 'unknown' }),
      'Everything is confirmed by eu.example',
      ['the relay promises no durability'],
    ],
    [
      'under way',
      overview({ status: 'syncing', rungs: { saved: none, sent: none, confirmed: five, durable: five } }),
      '5 CoValues not confirmed',
      ['the oldest for 46 s', 'what it has survives a crash of the relay'],
    ],
    [
      'the worst fact first',
      overview({
        status: 'failed',
        rungs: { saved: { pending: 1, error: full }, sent: five, confirmed: five, durable: five },
        storage: { kind: 'kernel', state: 'failing', error: full },
        relays: [lost('waiting', { retryAtMs: nowMs + 6_000 })],
      }),
      '5 CoValues not confirmed',
      ['1 not saved on this device: storage is full', 'no connection for 14 s', 'next attempt in 6 s'],
    ],
    [
      'two relays',
      overview({ status: 'connecting', relays: [relay(), lost('waiting', { host: 'us.example' })] }),
      'Nothing waits to be confirmed',
      ['us.example not connected for 14 s'],
    ],
    [
      'off, with edits',
      overview({ status: 'off', relays: [], rungs: { saved: none, sent: five, confirmed: five } }),
      '5 CoValues not confirmed',
      ['sync is switched off'],
    ],
    [
      'an address that cannot be used',
      overview({
        status: 'failed',
        relays: [],
        error: { code: 'SYNC_URL_INVALID', message: '“x” is no URL. Fix it.' },
      }),
      'Nothing waits to be confirmed',
      ['no relay: “x” is no URL'],
    ],
    ['off', overview({ status: 'off', relays: [] }), 'Sync is switched off', []],
    [
      'paused',
      overview({ status: 'paused', relays: [lost('paused')] }),
      'Nothing waits to be confirmed',
      ['paused for 14 s'],
    ],
    [
      'offline',
      overview({ status: 'offline', relays: [lost('offline')] }),
      'Nothing waits to be confirmed',
      ['offline for 14 s'],
    ],
    [
      'nothing is kept here',
      overview({ storage: { kind: 'memory', state: 'memory-only' } }),
      'Everything is confirmed by eu.example',
      ['nothing is kept on this device', 'what it has survives a crash of the relay'],
    ],
    [
      'nothing is kept here, for a reason',
      overview({
        storage: { kind: 'memory', state: 'memory-only', error: { code: 'STORAGE_BLOCKED', message: 'x' } },
      }),
      'Everything is confirmed by eu.example',
      [
        'nothing is kept on this device: another tab holds the database',
        'what it has survives a crash of the relay',
      ],
    ],
    [
      'what stock cojson kept is taken over',
      overview({ storage: { kind: 'kernel', state: 'ok', takeover: { done: 412, total: 1860 } } }),
      'Everything is confirmed by eu.example',
      [
        '412 of 1,860 CoValues taken over from cojson’s database',
        'what it has survives a crash of the relay',
      ],
    ],
    [
      'taking over is interrupted',
      overview({ storage: { kind: 'kernel', state: 'ok', takeover: { done: 1, total: 2 }, error: full } }),
      'Everything is confirmed by eu.example',
      [
        '1 of 2 CoValues taken over from cojson’s database, interrupted: storage is full',
        'what it has survives a crash of the relay',
      ],
    ],
    [
      'only durability is missing',
      overview({
        status: 'syncing',
        rungs: { saved: none, sent: none, confirmed: none, durable: { pending: 1 } },
      }),
      '1 CoValue not durable yet',
      ['what it has survives a crash of the relay'],
    ],
    [
      'not yet known what an earlier run left',
      overview({ status: 'syncing' }),
      'Looking for edits of an earlier run',
      ['what it has survives a crash of the relay'],
    ],
  ])('%s', (_, state, sentence, facts) => {
    const headline = headlineOf(state, nowMs);
    expect(headline.sentence).toBe(sentence);
    expect(headline.facts.map((fact) => fact.words)).toEqual(facts);
  });

  it('marks what failed and what is stuck', () => {
    const { facts } = headlineOf(
      overview({
        storage: { kind: 'kernel', state: 'failing', error: full },
        relays: [lost('failed'), lost('offline')],
      }),
      nowMs,
    );
    expect(facts.map((fact) => fact.tone)).toEqual(['fail', 'fail', 'warn']);
  });
});

it('counts on the button what waits for the rung that most wait for', () => {
  expect(pendingCount(overview())).toBe(0);
  expect(
    pendingCount(overview({ rungs: { saved: none, sent: none, confirmed: { pending: 2 }, durable: five } })),
  ).toBe(5);
});
