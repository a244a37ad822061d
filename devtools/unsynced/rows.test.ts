import { describe, expect, it } from 'vitest';
import type { Reason } from '../../src/inspect/unsynced/reason.ts';
import type { Overview, UnsyncedRow } from '../../src/inspect/snapshot.ts';
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
  { kind: 'not-connected', sinceMs: nowMs - 12_000 },
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
  ])('by the text “%s”', (text, expected) => {
    expect(matchRows(rows, { ...everything, text }, nowMs)).toEqual(expected);
  });

  it('by what stands in it', () => {
    const contentOf = ({ id }: UnsyncedRow) => (id === waiting.id ? 'Tuesday' : '');
    expect(matchRows(rows, { ...everything, text: 'tues' }, nowMs, contentOf)).toEqual([waiting]);
  });

  it('by a pattern, and by its letters where it is none', () => {
    expect(matchRows(rows, { ...everything, text: '^co_z(Crew|Tide)', isPattern: true }, nowMs)).toEqual([
      refused,
      waiting,
    ]);
    const bracket = row('co_zA', { kind: 'off' }, { name: 'a (b' });
    expect(matchRows([bracket, waiting], { ...everything, text: 'a (', isPattern: true }, nowMs)).toEqual([
      bracket,
    ]);
  });

  it('by a rung: those that have not got there', () => {
    expect(matchRows(rows, { ...everything, rung: 'saved' }, nowMs)).toEqual([notSaved]);
    expect(matchRows(rows, { ...everything, rung: 'sent' }, nowMs)).toEqual([waiting, notSaved]);
  });

  it('gives the very rows back where nothing is asked', () => {
    expect(matchRows(rows, everything, nowMs)).toBe(rows);
  });

  it('counts facets, and narrows to one', () => {
    expect([...countFacets(rows)]).toEqual([
      ['Refused', 1],
      ['Not connected', 1],
      ['Not saved', 1],
    ]);
    expect(inFacet(rows, 'Not connected')).toEqual([waiting]);
  });
});

describe('rows under the pointer', () => {
  it('stay where they are: what is gone has arrived, what is new comes last', () => {
    const fresh = row('co_zNew', { kind: 'sending', host: 'eu.example' });
    const held = holdRows(rows, [fresh, refused, notSaved], [fresh, refused, notSaved]);
    expect(held.map(({ id }) => id)).toEqual(['co_zCrew', 'co_zTide', 'co_zNote', 'co_zNew']);
    expect(held[1]).toMatchObject({
      reason: { kind: 'arrived' },
      steps: { saved: 'reached', sent: 'reached', confirmed: 'reached', durable: 'reached' },
    });
  });

  it('are not called arrived when they only left the filter', () => {
    const sentNow = { ...waiting, reason: { kind: 'sending', host: 'eu.example' } } as const;
    expect(holdRows([waiting], [], [sentNow])).toEqual([sentNow]);
  });

  it('promise no durability that nobody promised', () => {
    const unknown = { ...waiting, steps: { ...pending, durable: 'unknown' } } as const;
    expect(holdRows([unknown], [], [])[0]?.steps.durable).toBe('unknown');
  });
});

describe('tally of the rungs', () => {
  const overview: Overview = {
    status: 'syncing',
    rungs: {
      saved: { pending: 0 },
      sent: { pending: 0 },
      confirmed: { pending: 0 },
      durable: { pending: 0 },
    },
    durability: 'power-loss',
    storage: { kind: 'kernel', state: 'ok' },
    relays: [],
  };
  const words = (...args: Parameters<typeof tallyRungs>) =>
    tallyRungs(...args).map(({ words, more = '' }) => words + more);

  it('names the worst of each rung, how many, and since when', () => {
    expect(words(rows, overview, nowMs)).toEqual([
      '1 failed · 3 s',
      '1 stuck · 46 s',
      '1 failed, 2 to go',
      '3 to go',
    ]);
  });

  it('says all where all have got there', () => {
    expect(words([], overview, nowMs)).toEqual(['all', 'all', 'all', 'all']);
  });

  it('claims nothing that is not promised, not kept, or not known', () => {
    const { durable: _, ...without } = overview.rungs;
    const memory = { kind: 'memory', state: 'memory-only' } as const;
    expect(words([], { ...overview, rungs: without, storage: memory }, nowMs)).toEqual([
      'not kept',
      'all',
      'all',
      'not promised',
    ]);
    expect(words([], undefined, nowMs)).toEqual(Array(4).fill('no session'));
  });
});
