import { beforeEach, expect, it } from 'vitest';
import { noFacts, type Ledger, type LedgerFacts } from '../../storage/ledger.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createDebtBook, type DebtBook } from './debt-book.ts';

let clock: FakeClock;
let added: Partial<LedgerFacts>[];
let commits: (() => void)[];
let generation: number;
let book: DebtBook;

beforeEach(() => {
  clock = createFakeClock(10);
  added = [];
  commits = [];
  generation = 0;
  const ledger: Ledger = {
    useRelays: () => {},
    add: (facts) => void added.push(facts),
    settled: () => {},
    attempted: () => Promise.resolve(),
    written: () => new Promise((resolve) => commits.push(resolve)),
    read: () => Promise.resolve({ ...noFacts, generations: new Map() }),
  };
  book = createDebtBook({ ledger, clock, isRecorded: () => true, generationOf: () => generation });
});

/** Runs what has been queued in this turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('writes collected facts together, and each once', () => {
  book.owe('co_z1', { header: 1, a: 1 });
  book.owe('co_z1', { a: 2 });
  book.owe('co_z1', { a: 3 }, 'r');
  book.settle('co_z1', { a: 1 }, 'r');
  book.settle('co_z1', { a: 2 }, 'r');
  book.settle('co_z1', { a: 2 }, 's');
  book.release('co_z2', { b: 4 });
  book.flush();
  book.flush();
  expect(added).toEqual([
    {
      debts: [
        { id: 'co_z1', session: 'header', count: 1, sinceMs: 10 },
        { id: 'co_z1', session: 'a', count: 2, sinceMs: 10 },
        { id: 'co_z1', session: 'a', count: 3, sinceMs: 10, relayID: 'r' },
      ],
      confirmations: [
        { relayID: 'r', generation: 0, id: 'co_z1', session: 'a', count: 2 },
        { relayID: 's', generation: 0, id: 'co_z1', session: 'a', count: 2 },
      ],
      releases: [{ id: 'co_z2', session: 'b', count: 4 }],
    },
  ]);
});

it('records a confirmation in the generation in which it was heard', () => {
  book.settle('co_z1', { a: 1 }, 'r');
  generation = 1;
  book.settle('co_z1', { a: 2 }, 'r');
  book.flush();
  expect(added[0]?.confirmations).toEqual([
    { relayID: 'r', generation: 0, id: 'co_z1', session: 'a', count: 1 },
    { relayID: 'r', generation: 1, id: 'co_z1', session: 'a', count: 2 },
  ]);
});

it('writes debts before content, and confirmations and releases together within 100 ms', () => {
  book.settle('co_z1', { a: 1 }, 'r');
  book.release('co_z2', { a: 1 });
  book.owe('co_z3', { a: 1 });
  book.writeDebts();
  book.writeDebts();
  expect(added).toEqual([{ debts: [{ id: 'co_z3', session: 'a', count: 1, sinceMs: 10 }] }]);
  clock.advance(99);
  book.settle('co_z4', { a: 1 }, 'r');
  expect(added).toHaveLength(1);
  clock.advance(1);
  expect(added).toHaveLength(2);
  expect(added[1]?.confirmations?.map(({ id }) => id)).toEqual(['co_z1', 'co_z4']);
  expect(added[1]?.releases?.map(({ id }) => id)).toEqual(['co_z2']);
  clock.advance(1_000);
  expect(added).toHaveLength(2);
});

it('calls back once everything up to now is on disk, with one wait for each batch', async () => {
  const told: string[] = [];
  book.owe('co_z1', { a: 1 });
  book.whenWritten(() => told.push('first'));
  book.owe('co_z2', { a: 1 });
  book.whenWritten(() => told.push('second'));
  clock.advance(100);
  expect(added).toHaveLength(1);
  expect(added[0]?.debts?.map(({ id }) => id)).toEqual(['co_z1', 'co_z2']);
  expect(commits).toHaveLength(1);
  book.whenWritten(() => told.push('third'));
  book.flush();
  await turn();
  expect(told).toEqual([]);
  commits[0]?.();
  await turn();
  expect(told).toEqual(['first', 'second']);
  commits[1]?.();
  await turn();
  expect(told).toEqual(['first', 'second', 'third']);
});
