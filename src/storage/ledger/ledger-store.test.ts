import { describe, expect, it } from 'vitest';
import { createRandom } from '../../base/seeded-random.ts';
import { atOnce } from '../../base/sliced-steps.ts';
import type { RawCoID } from '../../engine/content.ts';
import {
  noFacts,
  pendingDebts,
  type Confirmation,
  type Debt,
  type LedgerContents,
  type LedgerFacts,
  type PendingDebts,
} from '../ledger.ts';
import { joinRecords, packFacts } from './ledger-records.ts';
import { compactSteps, contentsOf, looseFacts } from './ledger-store.ts';

const relayIDs = ['r', 's'] as const;
type Fact =
  | { readonly debt: Debt }
  | { readonly confirmation: Confirmation }
  | { readonly release: { readonly id: RawCoID; readonly session: string; readonly count: number } };

const ledgerOf = (facts: readonly Fact[], generations: LedgerContents['generations']): LedgerContents => ({
  debts: facts.flatMap((fact) => ('debt' in fact ? fact.debt : [])),
  confirmations: facts.flatMap((fact) => ('confirmation' in fact ? fact.confirmation : [])),
  releases: facts.flatMap((fact) => ('release' in fact ? fact.release : [])),
  generations,
});

/** Through the stored format, after which `later` was added. */
function compacted({ generations, ...facts }: LedgerContents, later: LedgerFacts = noFacts): LedgerContents {
  const all = [noFacts, ...atOnce(compactSteps({ ...facts, generations }))];
  const records = [...all.map((some, at) => packFacts(some, at === 0)), packFacts(later)];
  return { ...joinRecords(records), generations };
}

/** What a relay lacks of each session, computed the slow way. */
function lacking({ debts, confirmations, releases, generations }: LedgerContents, relayID: string) {
  const lacks = new Map<string, number>();
  for (const { id, session, count, relayID: only } of debts) {
    const isSame = (other: { id: string; session: string; count: number }) =>
      other.id === id && other.session === session && other.count >= count;
    if (only !== undefined && only !== relayID) continue;
    if (releases.some(isSame)) continue;
    const isSaid = confirmations.some(
      (said) =>
        isSame(said) && said.relayID === relayID && said.generation === (generations.get(relayID) ?? 0),
    );
    const key = `${id} ${session}`;
    if (!isSaid) lacks.set(key, Math.max(count, lacks.get(key) ?? 0));
  }
  return lacks;
}

/** What the ladder makes of it: the sessions that the relay still has to confirm. */
function openAt(pending: ReadonlyMap<RawCoID, PendingDebts>, relayID: string): ReadonlyMap<string, number> {
  const open = new Map<string, number>();
  for (const [id, { need, whole, confirmed }] of pending) {
    const has = confirmed.get(relayID) ?? {};
    for (const [session, count] of [...Object.entries(need), ...whole.map((name) => [name, 1] as const)]) {
      if ((has[session] ?? 0) < count) open.set(`${id} ${session}`, count);
    }
  }
  return open;
}

function createFacts(seed: number, count: number): readonly Fact[] {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(...from: readonly [T, ...T[]]): T => from[below(from.length)] ?? from[0];
  return Array.from({ length: count }, (_, at) => {
    const id = oneOf<RawCoID>('co_z1', 'co_z2');
    const session = oneOf('a', 'b', 'header');
    const of = { id, session, count: session === 'header' ? 1 : 1 + below(4) };
    const kind = below(10);
    if (kind < 4)
      return { confirmation: { relayID: oneOf(...relayIDs, 'unknown'), generation: below(2), ...of } };
    if (kind === 4) return { release: oneOf(of, { id, session: '*v3', count: 1 }) };
    if (kind === 5) return { debt: { id, session: '*v3', count: 1, sinceMs: at } };
    return { debt: { ...of, sinceMs: at, ...(kind > 7 && { relayID: oneOf(...relayIDs, 'unknown') }) } };
  });
}

const generations = new Map([
  ['r', 0],
  ['s', 1],
]);
const seeds = Array.from({ length: 200 }, (_, seed) => seed);
/** Until the first seed that breaks the rule, which the failure names. */
function forSeeds(check: (facts: readonly Fact[], seed: number) => void): void {
  for (const seed of seeds) check(createFacts(seed, 1 + (seed % 30)), seed);
}

describe('pending debts', () => {
  it('are what a relay lacks', () => {
    forSeeds((facts, seed) => {
      const ledger = ledgerOf(facts, generations);
      for (const relayID of relayIDs) {
        const open = openAt(pendingDebts(ledger, [relayID]), relayID);
        expect(open, `seed ${seed}`).toEqual(lacking(ledger, relayID));
      }
    });
  });

  it('include what each of several relays lacks', () => {
    forSeeds((facts, seed) => {
      const ledger = ledgerOf(facts, generations);
      const pending = pendingDebts(ledger, relayIDs);
      for (const relayID of relayIDs) {
        const open = openAt(pending, relayID);
        for (const [key, count] of lacking(ledger, relayID)) {
          expect(open.get(key), `seed ${seed}: ${key} at ${relayID}`).toBeGreaterThanOrEqual(count);
        }
      }
    });
  });
});

describe('compaction', () => {
  it('changes nothing that is pending, in any order of the facts', () => {
    forSeeds((facts, seed) => {
      const before = ledgerOf(facts, generations);
      for (const ledger of [before, ledgerOf(facts.toReversed(), generations)]) {
        const after = compacted(ledger);
        expect(pendingDebts(after, relayIDs), `seed ${seed}`).toEqual(pendingDebts(before, relayIDs));
        for (const relayID of relayIDs) {
          const [was, is] = [pendingDebts(before, [relayID]), pendingDebts(after, [relayID])];
          expect(openAt(is, relayID), `seed ${seed}`).toEqual(openAt(was, relayID));
        }
      }
    });
  });

  it('loses nothing of what is added later', () => {
    forSeeds((facts, seed) => {
      const half = Math.floor(facts.length / 2);
      const [early, later] = [facts.slice(0, half), facts.slice(half)];
      const all = pendingDebts(ledgerOf(facts, generations), relayIDs);
      const rest = compacted(ledgerOf(early, generations), ledgerOf(later, generations));
      for (const relayID of relayIDs) {
        const open = openAt(pendingDebts(rest, relayIDs), relayID);
        for (const [key, count] of openAt(all, relayID)) {
          expect(open.get(key) ?? 0, `seed ${seed}: ${key}`).toBeGreaterThanOrEqual(count);
        }
      }
    });
  });

  it('keeps one debt and one confirmation for each session, and none of what is settled', () => {
    const id = 'co_z1';
    const debts = Array.from({ length: 100 }, (_, at): Debt => ({
      id,
      session: 'a',
      count: at + 1,
      sinceMs: at,
    }));
    const other = { id: 'co_z2', session: 'a', count: 1 } as const;
    const atRelay = { relayID: 'r', generation: 0 };
    const confirmations = [
      { ...atRelay, id, session: 'a', count: 90 } as const,
      { ...atRelay, id, session: 'a', count: 80 } as const,
      { ...atRelay, ...other },
    ];
    const ledger = { ...noFacts, debts: [...debts, { ...other, sinceMs: 1 }], confirmations };
    const facts = atOnce(compactSteps({ ...ledger, generations: new Map([['r', 0]]) }));
    expect(facts).toEqual([
      { ...noFacts, debts: [{ id, session: 'a', count: 100, sinceMs: 90 }] },
      { ...noFacts, confirmations: confirmations.slice(0, 1) },
    ]);
  });

  it('keeps everything without relays', () => {
    forSeeds((facts) => {
      const ledger = ledgerOf(facts, new Map());
      expect(pendingDebts(compacted(ledger), [])).toEqual(pendingDebts(ledger, []));
    });
  });

  it('writes at most 1,000 facts per record', () => {
    const debts = Array.from({ length: 2_500 }, (_, at) => ({
      ...{ id: `co_z${at}` as const, session: 'a', count: 1, sinceMs: 1 },
    }));
    const contents = { ...noFacts, debts, generations };
    const facts = atOnce(compactSteps(contents));
    expect(facts.map((some) => some.debts.length)).toEqual([1_000, 1_000, 500]);
    expect(facts.flatMap((some) => some.debts)).toEqual(debts);
  });
});

it('keeps what a comparison owes, if the ledger is compacted before the loss is in the relay’s record', () => {
  const edit = { id: 'co_z1', session: 'a', count: 1 } as const;
  const settled = { ...edit, relayID: 'r', generation: 3 };
  const records = [
    packFacts({ ...noFacts, debts: [{ ...edit, sinceMs: 1 }], confirmations: [settled] }),
    packFacts({ ...noFacts, debts: [{ ...edit, sinceMs: 2, relayID: 'r', generation: 4 }] }),
  ];
  const readAt = (losses: number, stored: readonly unknown[]) =>
    atOnce(contentsOf({ records: stored, relays: new Map([['r', { losses }]]) }));
  const before = readAt(3, records);
  expect(before.generations.get('r')).toBe(4);
  const after = atOnce(compactSteps(before)).map((facts, at) => packFacts(facts, at === 0));
  for (const losses of [3, 4]) {
    const pending = pendingDebts(readAt(losses, after), ['r']);
    expect(pending.get('co_z1')).toMatchObject({ need: { a: 1 }, confirmed: new Map([['r', {}]]) });
  }
});

describe('facts that a compaction may remove', () => {
  const debts = Array.from({ length: 100 }, (_, at): Debt => ({
    id: `co_z${at}`,
    session: 's',
    count: 1,
    sinceMs: 0,
  }));
  const confirmations = debts.map((debt): Confirmation => ({ ...debt, relayID: 'r', generation: 0 }));
  const facts = { debts, confirmations, releases: [] };
  const generations = new Map(relayIDs.map((relayID) => [relayID, 0]));
  const compact = () =>
    atOnce(compactSteps({ ...facts, generations })).map((some, at) => packFacts(some, at === 0));

  it('are none right after it, although the other relay has yet to confirm them', () => {
    expect(looseFacts({ records: compact(), relays: new Map() }, facts)).toBe(0);
  });

  it('may be all, once something was added or if there was no compaction', () => {
    const added = [...compact(), packFacts({ ...noFacts, confirmations: confirmations.slice(0, 1) })];
    expect(looseFacts({ records: added, relays: new Map() }, facts)).toBe(200);
    expect(looseFacts({ records: [packFacts(facts)], relays: new Map() }, facts)).toBe(200);
  });
});
