import { describe, expect, it } from 'vitest';
import {
  noFacts,
  pendingDebts,
  wholeDebts,
  type Confirmation,
  type Debt,
  type LedgerContents,
  type LedgerFacts,
} from './ledger.ts';

const id = 'co_z1';
const debt = (session: string, count: number, more: Partial<Debt> = {}): Debt => ({
  ...{ id, session, count, sinceMs: 10 },
  ...more,
});
const said = (relayID: string, session: string, count: number, generation = 0): Confirmation => ({
  ...{ relayID, generation, id, session, count },
});
const ledger = (facts: Partial<LedgerFacts>, generations: Record<string, number> = {}): LedgerContents => ({
  ...noFacts,
  ...facts,
  generations: new Map(Object.entries(generations)),
});
/** What the relays together may lack of the CoValue. */
const needAt = (contents: LedgerContents, ...relayIDs: readonly string[]) =>
  pendingDebts(contents, relayIDs).get(id)?.need;

describe('a debt', () => {
  it('is pending until every relay has confirmed it', () => {
    const debts = [debt('a', 2)];
    expect(needAt(ledger({ debts }), 'r', 's')).toEqual({ a: 2 });
    const once = ledger({ debts, confirmations: [said('r', 'a', 2)] });
    expect(needAt(once, 'r', 's')).toEqual({ a: 2 });
    expect(needAt(once, 'r')).toBeUndefined();
    const twice = ledger({ debts, confirmations: [said('s', 'a', 3), said('r', 'a', 2)] });
    expect(needAt(twice, 'r', 's')).toBeUndefined();
  });

  it('is not settled by less, by another session or for another CoValue', () => {
    const others = [said('r', 'a', 1), said('r', 'b', 2), { ...said('r', 'a', 2), id: 'co_z2' as const }];
    expect(needAt(ledger({ debts: [debt('a', 2)], confirmations: others }), 'r')).toEqual({ a: 2 });
  });

  it('is pending again in a new generation of the relay', () => {
    const facts = { debts: [debt('a', 2)], confirmations: [said('r', 'a', 2, 1)] };
    expect(needAt(ledger(facts, { r: 1 }), 'r')).toBeUndefined();
    expect(needAt(ledger(facts, { r: 2 }), 'r')).toEqual({ a: 2 });
    expect(needAt(ledger(facts), 'r')).toEqual({ a: 2 });
  });

  it('is pending without relays, whatever was confirmed', () => {
    expect(needAt(ledger({ debts: [debt('a', 1)], confirmations: [said('r', 'a', 1)] }))).toEqual({ a: 1 });
    expect(needAt(ledger({ debts: [debt('a', 1, { relayID: 'r' })] }))).toEqual({ a: 1 });
  });

  it('ends with a release, up to what is released', () => {
    const releases = [{ id, session: 'a', count: 2 } as const];
    expect(needAt(ledger({ debts: [debt('a', 2)], releases }), 'r')).toBeUndefined();
    expect(needAt(ledger({ debts: [debt('a', 2)], releases }))).toBeUndefined();
    expect(needAt(ledger({ debts: [debt('a', 3), debt('b', 1)], releases }), 'r')).toEqual({ a: 3, b: 1 });
  });

  it('counts with the others of its CoValue: the most of each session, since the oldest that is pending', () => {
    const debts = [
      debt('a', 1, { sinceMs: 1 }),
      debt('a', 3, { sinceMs: 4 }),
      debt('a', 2, { sinceMs: 3 }),
      debt('header', 1, { sinceMs: 5 }),
    ];
    const found = pendingDebts(ledger({ debts, confirmations: [said('r', 'a', 1)] }), ['r']).get(id);
    expect(found).toMatchObject({ sinceMs: 3, need: { a: 3, header: 1 } });
    expect(found?.confirmed).toEqual(new Map([['r', { a: 1 }]]));
  });
});

describe('a debt to one relay', () => {
  const debts = [debt('a', 2, { relayID: 'r' })];

  it('is pending until that relay has confirmed it', () => {
    expect(needAt(ledger({ debts }), 'r', 's')).toEqual({ a: 2 });
    expect(needAt(ledger({ debts, confirmations: [said('s', 'a', 2)] }), 'r', 's')).toEqual({ a: 2 });
    expect(needAt(ledger({ debts, confirmations: [said('r', 'a', 2)] }), 'r', 's')).toBeUndefined();
  });

  it('counts as confirmed at the others', () => {
    const { confirmed } = pendingDebts(ledger({ debts }), ['r', 's']).get(id) ?? {};
    expect(confirmed).toEqual(
      new Map([
        ['r', {}],
        ['s', { a: 2 }],
      ]),
    );
  });

  it('does not count as confirmed at the others if they need the same session', () => {
    const both = ledger({ debts: [...debts, debt('a', 1)] });
    expect(pendingDebts(both, ['r', 's']).get(id)?.confirmed.get('s')).toEqual({});
  });

  it('is not pending where that relay is not used', () => {
    expect(needAt(ledger({ debts }), 's')).toBeUndefined();
  });
});

describe('a debt for everything that is stored', () => {
  const debts = wholeDebts([id], 'v3', 7);

  it('needs no session, and is pending until it is released', () => {
    expect(pendingDebts(ledger({ debts }), ['r']).get(id)).toEqual({
      ...{ sinceMs: 7, need: {}, whole: ['*v3'] },
      confirmed: new Map([['r', {}]]),
      generations: new Map(),
    });
    const releases = [{ id, session: '*v3', count: 1 } as const];
    expect(pendingDebts(ledger({ debts, releases }), ['r']).size).toBe(0);
  });

  it('is not released with one of another name', () => {
    const releases = [{ id, session: '*other', count: 1 } as const];
    expect(pendingDebts(ledger({ debts, releases }), ['r']).get(id)?.whole).toEqual(['*v3']);
  });

  it('counts beside debts that name sessions', () => {
    const all = [debt('a', 1), ...debts];
    expect(pendingDebts(ledger({ debts: all }), ['r']).get(id)).toMatchObject({
      ...{ sinceMs: 7, need: { a: 1 }, whole: ['*v3'] },
    });
  });
});

it('pending debts do not depend on the order of the facts', () => {
  const facts = {
    debts: [debt('a', 2), debt('a', 4), debt('b', 1), ...wholeDebts([id], 'v3', 7)],
    confirmations: [said('r', 'a', 4), said('r', 'a', 2), said('r', 'b', 1, 1)],
    releases: [
      { id, session: '*v3', count: 1 },
      { id, session: 'a', count: 1 },
    ] as const,
  };
  const reversed = {
    debts: facts.debts.toReversed(),
    confirmations: facts.confirmations.toReversed(),
    releases: facts.releases.toReversed(),
  };
  expect(pendingDebts(ledger(reversed), ['r'])).toEqual(pendingDebts(ledger(facts), ['r']));
  expect(needAt(ledger(facts), 'r')).toEqual({ b: 1 });
});
