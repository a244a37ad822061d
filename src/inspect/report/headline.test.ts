import { describe, expect, it } from 'vitest';
import type { Overview } from '../snapshot/overview-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { Tab } from '../snapshot/tab-facts.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';
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
      '2 edits not counted',
      ['everything else is confirmed by eu.example', 'confirmed data survives a crash of the relay'],
    ],
    [
      'an edit that this device refused, and another one that nobody counts',
      overview({ notMade: 1, notCounted: 1 }),
      '1 edit refused on this device',
      [
        '1 edit not counted',
        'everything else is confirmed by eu.example',
        'confirmed data survives a crash of the relay',
      ],
    ],
    [
      'a wrong clock',
      overview({ clockOffsetMs: 3 * 86_400_000 }),
      'This device’s clock is 3 days behind the relay’s',
      ['everything else is confirmed by eu.example', 'confirmed data survives a crash of the relay'],
    ],
    [
      'a wrong clock, with edits',
      overview({
        status: 'syncing',
        clockOffsetMs: -3 * 86_400_000,
        rungs: { saved: none, sent: none, confirmed: five, durable: five },
      }),
      '5 CoValues not confirmed',
      [
        'this device’s clock is 3 days ahead of the relay’s',
        'oldest for 46 s',
        'confirmed data survives a crash of the relay',
      ],
    ],
    [
      'an app that the relay no longer accepts',
      overview({
        status: 'failed',
        relays: [lost('failed', { error: { code: 'APP_OUTDATED', message: 'Too old. Reload.' } })],
      }),
      'Nothing to confirm',
      ['no more attempts to reach eu.example: Too old'],
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
      'closed',
      overview({ status: 'off', relays: [relay({ phase: 'closed' })] }),
      'Sync has ended',
      ['sync with eu.example has ended'],
    ],
    [
      'closed, with edits',
      overview({
        status: 'off',
        relays: [relay({ phase: 'closed' })],
        rungs: { saved: none, sent: five, confirmed: five },
      }),
      '5 CoValues not confirmed',
      ['sync with eu.example has ended'],
    ],
    [
      'failing reads',
      overview({
        storage: {
          ...{ kind: 'kernel', state: 'failing' },
          error: { code: 'STORAGE_WRITE_FAILED', message: 'x', isReading: true },
        },
      }),
      'Everything is confirmed by eu.example',
      ['reading from this device is failing', 'confirmed data survives a crash of the relay'],
    ],
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
      'Everything from this run is confirmed by eu.example',
      [
        'nothing is saved on this device: another tab holds the database',
        'edits from earlier runs, if any, cannot be read',
        'confirmed data survives a crash of the relay',
      ],
    ],
    [
      'a database of an earlier run that the browser refuses',
      overview({
        status: 'syncing',
        storage: {
          kind: 'memory',
          state: 'memory-only',
          error: { code: 'STORAGE_UNAVAILABLE', message: 'x' },
        },
        rungs: { saved: none, sent: none, confirmed: { known: false, pending: 0 } },
        durability: 'unknown',
      }),
      'Edits from earlier runs cannot be read',
      [
        'nothing is saved on this device: the browser offers this page no storage',
        'edits from earlier runs, if any, cannot be read',
        'the relay does not promise durability',
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

  it('separates the count of this tab from those that other tabs report', () => {
    const tab = (coValues: number, state: Tab['state'] = 'there', endedAtMs?: number): Tab => ({
      ...{ sessionIDs: ['s'], state, unanswered: 0, lock: 'held', answer: 'read' },
      unconfirmed: { coValues, ids: [] },
      ...(endedAtMs !== undefined && { endedAtMs }),
    });
    const sentence = (pending: number, ...list: readonly Tab[]) =>
      headlineOf(
        overview({ rungs: { saved: none, sent: none, confirmed: { known: true, pending } } }),
        nowMs,
        {
          tabs: { others: 'asked', locks: 'read', list, leftBehind: [] },
          memory: { loaded: 1, unloaded: 0, notFound: { count: 0, ids: [] } },
          unsynced: [],
        },
      ).sentence;
    expect(sentence(3, tab(1, 'this'), tab(2))).toBe(
      '1 CoValue not confirmed in this tab; 2 are waiting in another tab',
    );
    expect(sentence(1, tab(0, 'this'), tab(1))).toBe(
      'Nothing is waiting in this tab; 1 CoValue is waiting in another tab',
    );
    // This tab does not count edits that the other tab has not saved.
    expect(sentence(0, tab(0, 'this'), tab(2))).toBe(
      'Nothing is waiting in this tab; 2 CoValues are waiting in another tab',
    );
    expect(sentence(0, tab(0, 'this'), tab(2), tab(0), tab(1))).toBe(
      'Nothing is waiting in this tab; 3 CoValues are waiting in other tabs',
    );
    expect(sentence(1, tab(0, 'this'), tab(1, 'gone', nowMs))).toBe('1 CoValue not confirmed');
    expect(sentence(0, tab(0, 'this'), tab(0))).toBe('Everything is confirmed by eu.example');
  });

  it('counts CoValues that were requested and not found', () => {
    const memory = { loaded: 1, unloaded: 0, notFound: { count: 1, ids: ['co_z1'] } };
    const tabs = { others: 'unreachable', locks: 'unknown', list: [], leftBehind: 'unknown' } as const;
    const { facts } = headlineOf(overview(), nowMs, { tabs, memory, unsynced: [] });
    expect(facts[0]).toEqual({ words: '1 requested, not found', tone: 'warn' });
  });

  it('names a relay that has all that waits for another one', () => {
    const row = (...missingAt: readonly string[]): UnsyncedRow => ({
      ...{ id: 'co_z1', kind: 'CoMap', sinceMs: nowMs, way: { kind: 'blocked' }, missingAt },
      steps: { saved: 'reached', sent: 'pending', confirmed: 'pending', durable: 'pending' },
      reason: { kind: 'sending', host: 'eu.example', sinceMs: nowMs },
    });
    const down = lost('waiting', { id: 'us', host: 'us.example' });
    const complete = (unsynced: readonly UnsyncedRow[], known = true) =>
      headlineOf(
        overview({
          relays: [relay(), down],
          rungs: { saved: none, sent: none, confirmed: { known, pending: unsynced.length } },
        }),
        nowMs,
        {
          tabs: { others: 'unreachable', locks: 'unknown', list: [], leftBehind: 'unknown' },
          memory: { loaded: 1, unloaded: 0, notFound: { count: 0, ids: [] } },
          unsynced,
        },
      ).facts.find(({ words }) => words.includes('has confirmed'))?.words;
    expect(complete([row('us.example')])).toBe('eu.example has confirmed it');
    expect(complete([row('us.example'), row('us.example')])).toBe('eu.example has confirmed all 2');
    for (const [rows, known] of [
      [[row('us.example'), row('eu.example')], true],
      [[row()], true],
      [[row('us.example')], false],
      [[], true],
    ] as const) {
      expect(complete(rows, known)).toBeUndefined();
    }
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
