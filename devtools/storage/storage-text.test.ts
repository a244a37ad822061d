import { describe, expect, it } from 'vitest';
import type { UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import type { StorageFacts, StorageSizes } from '../../src/inspect/snapshot/storage-facts.ts';
import { describeDownload } from './download-text.ts';
import { describeCount, describeRoom, meterParts, rowsOf } from './room-text.ts';
import { factsOf } from './storage-facts-text.ts';
import { noticesOf, type ToldFrom } from './storage-notices.ts';
import { storageStat } from './storage-stat.ts';

const nowMs = 1_700_000_000_000;
const plain: StorageFacts = {
  ...{ kind: 'kernel', state: 'ok', persisted: true, databases: ['maia-co_zAn5jQdM9rJtUe3yKxHf8GsUf2'] },
  room: { usedBytes: 298_400_000, quotaBytes: 466_000_000, measuredAtMs: nowMs - 12_000 },
  writes: { waiting: 0, committed: 1_912, slowestMs: 9.4, failed: 0 },
};
const row = (confirmed: 'reached' | 'pending'): UnsyncedRow => ({
  ...{ id: 'co_zB7nVtRxG2mJw5qKsDf9HaPyLe3Uc', kind: 'CoMap', name: 'Mooring note', sinceMs: nowMs },
  steps: { saved: 'failed', sent: confirmed, confirmed, durable: confirmed },
  ...{ way: { kind: 'open' }, missingAt: [], reason: { kind: 'arrived' } },
});
const snapshotOf = (facts: Partial<StorageFacts>, unsynced: readonly UnsyncedRow[] = []): ToldFrom => ({
  ...{ atMs: nowMs, unsynced, storage: { ...plain, ...facts } },
  overview: {
    rungs: {
      saved: { known: true, pending: unsynced.length },
      confirmed: {
        known: true,
        pending: unsynced.filter(({ steps }) => steps.confirmed === 'pending').length,
      },
    },
  },
});
const full: Partial<StorageFacts> = {
  state: 'failing',
  error: { code: 'STORAGE_FULL', message: 'This device is out of storage.', cause: 'QuotaExceededError' },
  writes: {
    ...{ waiting: 1, committed: 3, slowestMs: 9, failed: 3 },
    failing: { count: 3, sinceMs: nowMs - 3_000, retryAtMs: nowMs + 2_000 },
    lastFailure: { code: 'STORAGE_FULL', message: '', cause: 'QuotaExceededError', atMs: nowMs - 3_000 },
  },
};

describe('the text in the rail', () => {
  const statOf = (facts: Partial<StorageFacts>) => storageStat(snapshotOf(facts));
  const room = (usedBytes: number, quotaBytes = 100) => ({
    room: { usedBytes, quotaBytes, measuredAtMs: nowMs },
  });
  it.each([
    [{}, '64 % full', 'plain'],
    [room(99), '99 % full', 'warn'],
    [room(90), '90 % full', 'warn'],
    [room(89.9), '89 % full', 'plain'],
    [room(0.4), '< 1 % full', 'plain'],
    [room(120), '100 % full', 'warn'],
    [{ room: { usedBytes: 1_200_000, quotaBytes: 'unknown', measuredAtMs: nowMs } }, '1.2 MB', 'plain'],
    [
      { room: { usedBytes: 'unknown', quotaBytes: 'unknown', measuredAtMs: 'unknown' } },
      'usage unknown',
      'plain',
    ],
    [full, 'full', 'fail'],
    [{ ...full, error: { code: 'STORAGE_CLOSED', message: '' } }, 'writes failing', 'fail'],
    [{ state: 'memory-only' }, 'nothing saved', 'plain'],
    [{ state: 'memory-only', error: { code: 'STORAGE_UNAVAILABLE', message: '' } }, 'nothing saved', 'warn'],
  ] as const)('of %j is %s', (facts, words, tone) => {
    expect(statOf(facts)).toEqual({ words, tone });
  });
});

describe('notices', () => {
  const wordsOf = (...args: Parameters<typeof snapshotOf>) =>
    noticesOf(snapshotOf(...args), 'not-asked').map(
      ({ title, code = '', detail, next }) => `${title} ${code} ${detail} Next: ${next}`,
    );

  it('are empty if there is no problem', () => {
    expect(wordsOf({})).toEqual([]);
  });

  it('name the failed write, the attempts and the retry, and confirm that reloading is safe', () => {
    expect(wordsOf(full, [row('reached')])).toEqual([
      'Not saved: Mooring note. QuotaExceededError storage is full; attempt 3, next attempt in 2 s. Next: free space on this device; the relay has confirmed the edits, so reloading is safe.',
    ]);
  });

  it('warn against reloading while the edits are only in this tab', () => {
    expect(wordsOf(full, [row('reached'), row('pending')])[0]).toMatch(
      /^2 CoValues not saved\..*Do not reload yet: edits that are not confirmed are only in this tab\. If in doubt, download them first\.$/,
    );
  });

  it('call reloading safe only when an app could: once the relays have everything', () => {
    const facts = snapshotOf(full, [row('reached')]);
    const rungs = { ...facts.overview.rungs, confirmed: { known: true, pending: 1 } };
    const [notice] = noticesOf({ ...facts, overview: { rungs } }, 'not-asked');
    expect(notice?.next).toContain('Do not reload before the relay has confirmed the other edits');
  });

  it('report a failure even if no edit is unsaved', () => {
    expect(wordsOf(full)[0]).toMatch(
      /^Writing to this device is failing\..*Next: free space on this device\.$/,
    );
  });

  it('warn that the browser may delete the data, with advice before and after a refusal', () => {
    const facts = snapshotOf({ persisted: false });
    const nextOf = (asked: 'not-asked' | 'refused') => noticesOf(facts, asked)[0]?.next;
    expect(nextOf('not-asked')).toContain('ask for persistence after a click');
    expect(nextOf('refused')).toContain('install the app');
    expect(noticesOf(snapshotOf({ persisted: 'unknown' }), 'not-asked')).toEqual([]);
  });

  it('warn before the storage is full', () => {
    const room = { usedBytes: 95, quotaBytes: 100, measuredAtMs: nowMs };
    expect(wordsOf({ room })[0]).toMatch(/^This device is nearly full/);
    expect(wordsOf({ ...full, room })).toHaveLength(1);
  });

  it('explain why nothing is saved', () => {
    expect(wordsOf({ state: 'memory-only', persisted: false })[0]).toContain(
      'The session was opened this way',
    );
    const error = { code: 'STORAGE_UNAVAILABLE', message: 'not here' };
    expect(wordsOf({ state: 'memory-only', error })[0]).toContain('The browser offers this page no storage');
  });
});

describe('storage usage', () => {
  it('shows the space left and the age of the estimate', () => {
    expect(describeRoom(plain.room, nowMs)).toEqual({
      ...{ used: '298 MB', of: 'used of 466 MB', left: { words: '168 MB left', tone: 'plain' } },
      measured: 'The browser’s estimate for the whole origin, 12 s ago.',
    });
  });

  it('shows only what the browser reports', () => {
    const words = describeRoom(
      { usedBytes: 'unknown', quotaBytes: 'unknown', measuredAtMs: 'unknown' },
      nowMs,
    );
    expect(words.used).toBe('An unknown amount');
    expect(words.of).toBe('used; the browser does not report the quota');
    expect(words.left.words).toBe('');
  });
});

const sizes: StorageSizes = {
  ...{ state: 'done', of: 'device', startedAtMs: nowMs, endedAtMs: nowMs - 5_000, unreadable: 0 },
  ...{ done: 4, total: 4 },
  kinds: [
    { kind: 'Binary', coValues: 1, bytes: 100_000_000 },
    { kind: 'Group', coValues: 2, bytes: 30_000 },
    { kind: 'Account', coValues: 1, bytes: 10_000 },
  ],
};

describe('counted sizes', () => {
  it('become rows, largest first, with accounts and groups combined', () => {
    expect(rowsOf(sizes)).toEqual([
      { name: 'Binary stream', coValues: 1, bytes: 100_000_000, share: 1 },
      { name: 'Group, account', coValues: 3, bytes: 40_000, share: 0.0004 },
    ]);
  });

  it('divide the meter, unless the browser reports less than was counted', () => {
    const parts = meterParts(plain.room, sizes);
    expect(parts.map(({ name }) => name)).toEqual([
      'Binary stream',
      'Group, account',
      'other data of the origin',
    ]);
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(meterParts({ ...plain.room, usedBytes: 5 }, sizes)).toEqual([{ name: 'used', share: 1 }]);
    expect(meterParts(plain.room, undefined)).toEqual([{ name: 'used', share: 1 }]);
  });

  it('have a progress, an age and a number of unreadable CoValues', () => {
    const words = (change: Partial<StorageSizes>) => describeCount({ ...sizes, ...change }, nowMs).words;
    expect(words({})).toBe('Counted 5 s ago');
    expect(words({ unreadable: 2 })).toBe('Counted 5 s ago · 2 could not be read');
    expect(words({ of: 'memory' })).toBe('In memory 5 s ago');
    expect(words({ state: 'counting', done: 1_000, total: 6_742 })).toBe('Counting, 1,000 of 6,742');
    expect(words({ state: 'stopped', done: 2 })).toBe('Stopped at 2 of 4, 5 s ago');
    expect(words({ state: 'failed', problem: 'It cannot be read.' })).toBe('It cannot be read.');
  });
});

it('lists the database, the writes and the last failure', () => {
  const byLabel = (facts: StorageFacts) =>
    Object.fromEntries(factsOf(facts, nowMs).map(({ label, words }) => [label, words]));
  expect(byLabel(plain)).toEqual({
    Database: 'maia-co_zAn5j…GsUf2',
    Persistence: 'granted: the browser does not delete data automatically',
    Writes: '1,912 since the devtools were mounted · slowest 9 ms',
    Failed: 'none since the devtools were mounted',
  });
  expect(byLabel({ ...plain, ...full, takeover: { done: 10, total: 1_860 } })).toMatchObject({
    Writes: '3 since the devtools were mounted · slowest 9 ms · 1 waiting',
    Failed: '3 attempts, the last 3 s ago: QuotaExceededError',
    Migration: '10 of 1,860 from cojson-storage-indexeddb',
  });
  const unknown = {
    waiting: 'unknown',
    committed: 'unknown',
    slowestMs: 'unknown',
    failed: 'unknown',
  } as const;
  expect(byLabel({ ...plain, kind: 'custom', databases: [], writes: unknown })).toMatchObject({
    Writes: 'unknown for this storage',
    Failed: 'unknown for this storage',
  });
});

it('describes a download’s progress, result and privacy', () => {
  const words = (change: object) =>
    describeDownload({ which: 'all', state: 'running', coValues: 5, bytes: 12_000, ...change });
  expect(words({}).words).toBe('Reading: 5 CoValues, 12 kB so far');
  expect(words({ state: 'stopped' }).words).toBe('Stopped after 5 CoValues, 12 kB. Nothing was saved.');
  expect(words({ state: 'failed', message: 'no room' })).toEqual({
    words: 'Failed after 5 CoValues, 12 kB, nothing saved: no room',
    tone: 'fail',
  });
  const end = { kind: 'end', coValues: 5, unreadable: 1, leftOut: 1 };
  expect(words({ state: 'saved', end })).toEqual({
    words:
      'Downloaded 5 CoValues, 12 kB. 1 CoValue could not be read; see the file for details. Private values in the file are encrypted; the rest is readable.',
    tone: 'warn',
  });
});
