import { describe, expect, it } from 'vitest';
import type { Reason, UnsyncedRow } from '../../src/inspect/snapshot/unsynced-row.ts';
import type { Overview } from '../../src/inspect/snapshot/overview-facts.ts';
import { countFacets, inFacet, matchRows, type Filter } from './filter-rows.ts';
import { holdRows } from './hold-rows.ts';
import { tallyRungs } from './rung-tally.ts';

const nowMs = 1_000_000;
const pending = { saved: 'reached', sent: 'pending', confirmed: 'pending', durable: 'pending' } as const;

function row(id: string, reason: Reason, over: Partial<UnsyncedRow> = {}): UnsyncedRow {
  return {
    id,
    kind: 'CoMap',
    sinceMs: nowMs - 46_000,
    steps: pending,
    way: { kind: 'open' },
    missingAt: [],
    reason,
    ...over,
  };
}
const refused = row(
  'co_zCrew',
  { kind: 'refused', host: 'eu.example', refusal: 'forbidden' },
  {
    name: 'Crew list',
    steps: { ...pending, sent: 'reached', confirmed: 'failed' },
  },
);
const notSaved = row(
  'co_zNote',
  { kind: 'not-saved' },
  {
    name: 'Mooring note',
    sinceMs: nowMs - 3_000,
    steps: { ...pending, saved: 'failed' },
  },
);
const waiting = row(
  'co_zTide',
  { kind: 'not-connected', host: 'eu.example', sinceMs: nowMs - 12_000 },
  { way: { kind: 'blocked' } },
);
const rows = [refused, waiting, notSaved];
const everything: Filter = { text: '', isPattern: false, facet: undefined, rung: undefined };

describe('filter', () => {
  it.each([
    ['', rows],
    ['crew', [refused]],
    ['co_ztide', [waiting]],
    ['FORBIDDEN', [refused]],
    ['not saved', [notSaved]],
    ['nothing like it', []],
  ])('matches the text “%s”', (text, expected) => {
    expect(matchRows(rows, { ...everything, text }, nowMs)).toEqual(expected);
  });

  it('matches the content', () => {
    const contentOf = ({ id }: UnsyncedRow) => (id === waiting.id ? 'Tuesday' : '');
    expect(matchRows(rows, { ...everything, text: 'tues' }, nowMs, contentOf)).toEqual([waiting]);
  });

  it('matches a pattern, or its literal text if it is invalid', () => {
    expect(matchRows(rows, { ...everything, text: '^co_z(Crew|Tide)', isPattern: true }, nowMs)).toEqual([
      refused,
      waiting,
    ]);
    const bracket = row('co_zA', { kind: 'off' }, { name: 'a (b' });
    expect(matchRows([bracket, waiting], { ...everything, text: 'a (', isPattern: true }, nowMs)).toEqual([
      bracket,
    ]);
  });

  it('keeps the rows that have not reached a rung', () => {
    expect(matchRows(rows, { ...everything, rung: 'saved' }, nowMs)).toEqual([notSaved]);
    expect(matchRows(rows, { ...everything, rung: 'sent' }, nowMs)).toEqual([waiting, notSaved]);
  });

  it('returns the same array without a filter', () => {
    expect(matchRows(rows, everything, nowMs)).toBe(rows);
  });

  it('counts facets and filters by one', () => {
    expect([...countFacets(rows)]).toEqual([
      ['Refused', 1],
      ['Not connected', 1],
      ['Not saved', 1],
    ]);
    expect(inFacet(rows, 'Not connected')).toEqual([waiting]);
  });
});

describe('rows under the pointer', () => {
  it('keep their order: confirmed rows have arrived, new rows come last', () => {
    const fresh = row('co_zNew', { kind: 'sending', host: 'eu.example', sinceMs: 0 });
    const held = holdRows(rows, [fresh, refused, notSaved], [fresh, refused, notSaved]);
    expect(held.map(({ id }) => id)).toEqual(['co_zCrew', 'co_zTide', 'co_zNote', 'co_zNew']);
    expect(held[1]).toMatchObject({
      reason: { kind: 'arrived' },
      steps: { saved: 'reached', sent: 'reached', confirmed: 'reached', durable: 'reached' },
    });
  });

  it('are not marked as arrived if they only stopped matching the filter', () => {
    const sentNow = { ...waiting, reason: { kind: 'sending', host: 'eu.example', sinceMs: 0 } } as const;
    expect(holdRows([waiting], [], [sentNow])).toEqual([sentNow]);
  });

  it('claim no durability that was not promised', () => {
    const unknown = { ...waiting, steps: { ...pending, durable: 'unknown' } } as const;
    expect(holdRows([unknown], [], [])[0]?.steps.durable).toBe('unknown');
  });
});

describe('tally of the rungs', () => {
  const overview: Overview = {
    status: 'syncing',
    rungs: {
      saved: { known: true, pending: 0 },
      sent: { known: true, pending: 0 },
      confirmed: { known: true, pending: 0 },
      durable: { known: true, pending: 0 },
    },
    durability: 'power-loss',
    storage: { kind: 'kernel', state: 'ok' },
    relays: [],
  };
  const words = (...args: Parameters<typeof tallyRungs>) =>
    tallyRungs(...args).map(({ words, more = '' }) => words + more);

  it('shows the worst state of each rung with count and age', () => {
    expect(words(rows, overview, nowMs)).toEqual([
      '1 failed · 3 s',
      '1 stuck · 46 s',
      '1 failed, 2 to go',
      '3 to go',
    ]);
  });

  it('shows "all" for a rung that all have reached', () => {
    expect(words([], overview, nowMs)).toEqual(['all', 'all', 'all', 'all']);
  });

  it('claims nothing that is not promised, not saved or unknown', () => {
    const { durable: _, ...without } = overview.rungs;
    const memory = { kind: 'memory', state: 'memory-only' } as const;
    expect(words([], { ...overview, rungs: without, storage: memory }, nowMs)).toEqual([
      'not saved',
      'all',
      'all',
      'not promised',
    ]);
    expect(words([], undefined, nowMs)).toEqual(Array(4).fill('no session'));
  });
});
