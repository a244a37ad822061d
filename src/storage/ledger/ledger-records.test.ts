import { expect, it } from 'vitest';
import { noFacts, type LedgerFacts } from '../ledger.ts';
import { joinRecords, packFacts, unpackFacts, type LedgerRecord } from './ledger-records.ts';

const facts: LedgerFacts = {
  debts: [
    { id: 'co_z1', session: 'header', count: 1, sinceMs: 5 },
    { id: 'co_z1', session: 'a', count: 3, sinceMs: 6, relayID: 'r', generation: 2 },
    { id: 'co_z2', session: '*v3', count: 1, sinceMs: 7 },
  ],
  confirmations: [
    { relayID: 'r', generation: 0, id: 'co_z1', session: 'a', count: 2 },
    { relayID: 'r', generation: 1, id: 'co_z1', session: 'b', count: 2 },
  ],
  releases: [{ id: 'co_z2', session: 'a', count: 9 }],
};
const owing = (id: `co_z${string}`): LedgerFacts => ({
  ...noFacts,
  debts: [{ id, session: 'a', count: 1, sinceMs: 1 }],
});
const idsIn = (records: readonly unknown[]) => joinRecords(records).debts.map(({ id }) => id);

it('reads the facts that were written', () => {
  expect(unpackFacts(packFacts(facts))).toEqual(facts);
  expect(unpackFacts(packFacts(noFacts))).toEqual(noFacts);
  expect(joinRecords([])).toEqual(noFacts);
});

it('names each session once', () => {
  const { facts: text } = packFacts({ ...facts, debts: [...facts.debts, ...facts.debts] });
  expect(text.match(/"header"/gu)).toHaveLength(1);
});

it('joins all records', () => {
  expect(idsIn([packFacts(owing('co_z1')), packFacts(owing('co_z2'))])).toEqual(['co_z1', 'co_z2']);
});

it('replaces what comes before the last whole record', () => {
  const [first, second, third] = [owing('co_z1'), owing('co_z2'), owing('co_z3')];
  expect(idsIn([packFacts(first), packFacts(second, true), packFacts(third)])).toEqual(['co_z2', 'co_z3']);
  expect(idsIn([packFacts(first, true), packFacts(second), packFacts(third, true)])).toEqual(['co_z3']);
  expect(idsIn([packFacts(first), packFacts(noFacts, true)])).toEqual([]);
});

const withFacts = (changed: object): LedgerRecord => ({
  v: 1,
  facts: JSON.stringify({ sessions: ['a'], owed: [], said: [], released: [], ...changed }),
});

it.each<readonly [what: string, record: unknown]>([
  ['nothing', undefined],
  ['a number', 7],
  ['a later version', { ...packFacts(facts), v: 2 }],
  ['no text', { v: 1 }],
  ['text that was cut off', { v: 1, facts: packFacts(facts).facts.slice(0, -1) }],
  ['null', { v: 1, facts: 'null' }],
  ['no debts', withFacts({ owed: undefined })],
  ['debts that are no list', withFacts({ owed: {} })],
  ['a debt that is no list', withFacts({ owed: [null] })],
  ['a debt without an ID', withFacts({ owed: [[1, 0, 1, 1]] })],
  ['a debt of no session', withFacts({ owed: [['co_z1', 1, 1, 1]] })],
  ['a debt of a part of an edit', withFacts({ owed: [['co_z1', 0, 0.5, 1]] })],
  ['a debt without a time', withFacts({ owed: [['co_z1', 0, 1]] })],
  ['a debt to a number', withFacts({ owed: [['co_z1', 0, 1, 1, 2]] })],
  ['a confirmation by a number', withFacts({ said: [[2, 0, [['co_z1', 0, 1]]]] })],
  ['a confirmation of no generation', withFacts({ said: [['r', null, [['co_z1', 0, 1]]]] })],
  ['a confirmation of nothing', withFacts({ said: [['r', 0]] })],
  ['a release without a count', withFacts({ released: [['co_z1', 0]] })],
])('throws at %s instead of reading it as empty', (_, record) => {
  expect(() => unpackFacts(record)).toThrow();
  expect(() => joinRecords([packFacts(facts), record])).toThrow();
});

it('ignores a malformed record that a later one replaces', () => {
  expect(idsIn([7, packFacts(owing('co_z1'), true)])).toEqual(['co_z1']);
});
