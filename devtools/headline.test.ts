import { describe, expect, it } from 'vitest';
import type { Overview } from '../src/inspect/snapshot/overview-facts.ts';
import type { Relay } from '../src/inspect/snapshot/relay-facts.ts';
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
const none = { known: true, pending: 0 };
const overview = (over: Partial<Overview> = {}): Overview => ({
  status: 'confirmed',
  rungs: { saved: none, sent: none, confirmed: none, durable: none },
  durability: 'process-crash',
  storage: { kind: 'kernel', state: 'ok' },
  relays: [relay()],
  ...over,
});
const five = { known: true, pending: 5, oldestSinceMs: nowMs - 46_000 };
const full = { code: 'STORAGE_FULL', message: 'Full. Free some space.' };

describe('headline', () => {
  it.each<[string, Overview | undefined, string, readonly string[]]>([
    ['no session', undefined, 'Not signed in', ['waiting for a session to open']],
    [
      'all confirmed',
      overview(),
      'Everything is confirmed by eu.example',
      ['confirmed data survives a crash of the relay'],
    ],
    [
      'a relay that does not promise durability',
      overview({ rungs: { saved: none, sent: none, confirmed: none }, durability: 'unknown' }),
      'Everything is confirmed by eu.example',
      ['the relay does not promise durability'],
    ],
    [
      'edits that nobody counts',
      overview({ notCounted: 2 }),
      'Everything is confirmed by eu.example',
      ['2 edits not counted', 'confirmed data survives a crash of the relay'],
    ],
    [
      'in progress',
      overview({ status: 'syncing', rungs: { saved: none, sent: none, confirmed: five, durable: five } }),
      '5 CoValues not confirmed',
      ['oldest for 46 s', 'confirmed data survives a crash of the relay'],
    ],
    [
      'the worst fact comes first',
      overview({
        status: 'failed',
        rungs: {
          saved: { known: true, pending: 1, error: full },
          sent: five,
          confirmed: five,
          durable: five,
        },
        storage: { kind: 'kernel', state: 'failing', error: full },
        relays: [lost('waiting', { retryAtMs: nowMs + 6_000 })],
      }),
      '5 CoValues not confirmed',
      ['1 not saved on this device: storage is full', 'not connected for 14 s', 'next attempt in 6 s'],
    ],
    [
      'two relays',
      overview({ status: 'connecting', relays: [relay(), lost('waiting', { host: 'us.example' })] }),
      'Nothing to confirm',
      ['us.example not connected for 14 s'],
    ],
    [
      'off, with edits',
      overview({ status: 'off', relays: [], rungs: { saved: none, sent: five, confirmed: five } }),
      '5 CoValues not confirmed',
      ['sync is switched off'],
    ],
    [
      'an invalid address',
      overview({
        status: 'failed',
        relays: [],
        error: { code: 'SYNC_URL_INVALID', message: '“x” is no URL. Fix it.' },
      }),
      'Nothing to confirm',
      ['no relay: “x” is no URL'],
    ],
    ['off', overview({ status: 'off', relays: [] }), 'Sync is switched off', []],
    [
      'paused',
      overview({ status: 'paused', relays: [lost('paused')] }),
      'Nothing to confirm',
      ['paused for 14 s'],
    ],
    [
      'offline',
      overview({ status: 'offline', relays: [lost('offline')] }),
      'Nothing to confirm',
      ['offline for 14 s'],
    ],
    [
      'nothing is saved',
      overview({ storage: { kind: 'memory', state: 'memory-only' } }),
      'Everything is confirmed by eu.example',
      ['nothing is saved on this device', 'confirmed data survives a crash of the relay'],
    ],
    [
      'nothing is saved, with a reason',
      overview({
        storage: { kind: 'memory', state: 'memory-only', error: { code: 'STORAGE_BLOCKED', message: 'x' } },
      }),
      'Everything is confirmed by eu.example',
      [
        'nothing is saved on this device: another tab holds the database',
        'confirmed data survives a crash of the relay',
      ],
    ],
    [
      'a migration from cojson’s database',
      overview({ storage: { kind: 'kernel', state: 'ok', takeover: { done: 412, total: 1860 } } }),
      'Everything is confirmed by eu.example',
      [
        '412 of 1,860 CoValues migrated from cojson’s database',
        'confirmed data survives a crash of the relay',
      ],
    ],
    [
      'an interrupted migration',
      overview({ storage: { kind: 'kernel', state: 'ok', takeover: { done: 1, total: 2 }, error: full } }),
      'Everything is confirmed by eu.example',
      [
        '1 of 2 CoValues migrated from cojson’s database, interrupted: storage is full',
        'confirmed data survives a crash of the relay',
      ],
    ],
    [
      'only durability is missing',
      overview({
        status: 'syncing',
        rungs: { saved: none, sent: none, confirmed: none, durable: { known: true, pending: 1 } },
      }),
      '1 CoValue not durable yet',
      ['confirmed data survives a crash of the relay'],
    ],
    [
      'edits from earlier runs not yet known',
      overview({ status: 'syncing' }),
      'Checking for edits from earlier runs',
      ['confirmed data survives a crash of the relay'],
    ],
  ])('%s', (_, state, sentence, facts) => {
    const headline = headlineOf(state, nowMs);
    expect(headline.sentence).toBe(sentence);
    expect(headline.facts.map((fact) => fact.words)).toEqual(facts);
  });

  it('marks failed and stuck rungs', () => {
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

it('counts the most CoValues waiting for any one rung', () => {
  expect(pendingCount(overview())).toBe(0);
  expect(
    pendingCount(
      overview({ rungs: { saved: none, sent: none, confirmed: { known: true, pending: 2 }, durable: five } }),
    ),
  ).toBe(5);
});
