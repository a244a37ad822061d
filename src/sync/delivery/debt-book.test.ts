import { beforeEach, expect, it } from 'vitest';
import { noFacts, type Ledger, type LedgerFacts } from '../../storage/ledger.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createDebtBook, type DebtBook } from './debt-book.ts';

let clock: FakeClock;
let added: Partial<LedgerFacts>[];
let commits: (() => void)[];
let generation: number;
let isRecorded: boolean;
let recorded: (readonly [string, readonly string[]])[];
let record: () => Promise<void>;
/** What the relay had before. */
const found = new Set<string>();
let closing: AbortController;
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
  isRecorded = true;
  found.clear();
  closing = new AbortController();
  recorded = [];
  record = () => Promise.resolve();
  book = createDebtBook({
    ledger,
    clock,
    isRecorded: () => isRecorded,
    generationOf: () => generation,
    isUploading: (_, id) => !found.has(id),
    signal: closing.signal,
    record(relayID, latest) {
      recorded.push([
        relayID,
        latest.map(
          ({ id, sessionID, count, isFound }) => `${id} ${sessionID} ${count}${isFound ? ' found' : ''}`,
        ),
      ]);
      return record();
    },
  });
});

/** Runs what has been queued in this turn. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('writes collected facts together, and each once', async () => {
  book.owe('co_z1', { header: 1, a: 1 });
  book.owe('co_z1', { a: 2 });
  book.owe('co_z1', { a: 3 }, 'r');
  book.settle('co_z1', { a: 1 }, 'r');
  book.settle('co_z1', { a: 2 }, 'r');
  book.settle('co_z1', { a: 2 }, 's');
  book.release('co_z2', { b: 4 });
  await Promise.all([book.flush(), book.flush()]);
  expect(added).toEqual([
    {
      debts: [
        { id: 'co_z1', session: 'header', count: 1, sinceMs: 10 },
        { id: 'co_z1', session: 'a', count: 2, sinceMs: 10 },
        { id: 'co_z1', session: 'a', count: 3, sinceMs: 10, relayID: 'r', generation: 0 },
      ],
      releases: [{ id: 'co_z2', session: 'b', count: 4 }],
    },
    {
      confirmations: [
        { relayID: 'r', generation: 0, id: 'co_z1', session: 'a', count: 2 },
        { relayID: 's', generation: 0, id: 'co_z1', session: 'a', count: 2 },
      ],
    },
  ]);
});

it('records a confirmation in the generation in which it was heard', async () => {
  book.settle('co_z1', { a: 1 }, 'r');
  generation = 1;
  book.settle('co_z1', { a: 2 }, 'r');
  await book.flush();
  expect(added[0]?.confirmations).toEqual([
    { relayID: 'r', generation: 0, id: 'co_z1', session: 'a', count: 1 },
    { relayID: 'r', generation: 1, id: 'co_z1', session: 'a', count: 2 },
  ]);
});

it('writes debts before content, and confirmations and releases within 100 ms', async () => {
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
  await turn();
  expect(added[1]?.releases?.map(({ id }) => id)).toEqual(['co_z2']);
  expect(added[2]?.confirmations?.map(({ id }) => id)).toEqual(['co_z1', 'co_z4']);
  clock.advance(1_000);
  expect(added).toHaveLength(3);
});

it('ends a flush only after the batch that is being written', async () => {
  let finish = () => {};
  record = () => new Promise((resolve) => (finish = resolve));
  book.settle('co_z1', { a: 1 }, 'r');
  clock.advance(100);
  await turn();
  let isFlushed = false;
  const flushed = book.flush().then(() => (isFlushed = true));
  const told: string[] = [];
  book.whenWritten(() => told.push('written'));
  clock.advance(100);
  await turn();
  expect({ isFlushed, added, commits, told }).toEqual({ isFlushed: false, added: [], commits: [], told: [] });
  finish();
  await flushed;
  await turn();
  expect(added.map(({ confirmations }) => confirmations?.map(({ id }) => id))).toEqual([['co_z1']]);
  expect(commits).toHaveLength(1);
});

it('calls back once everything up to now is on disk, with one wait for each batch', async () => {
  const told: string[] = [];
  book.owe('co_z1', { a: 1 });
  book.whenWritten(() => told.push('first'));
  book.owe('co_z2', { a: 1 });
  book.whenWritten(() => told.push('second'));
  clock.advance(100);
  await turn();
  expect(added).toHaveLength(1);
  expect(added[0]?.debts?.map(({ id }) => id)).toEqual(['co_z1', 'co_z2']);
  expect(commits).toHaveLength(1);
  book.whenWritten(() => told.push('third'));
  void book.flush();
  await turn();
  expect(told).toEqual([]);
  commits[0]?.();
  await turn();
  expect(told).toEqual(['first', 'second']);
  commits[1]?.();
  await turn();
  expect(told).toEqual(['first', 'second', 'third']);
});

it('names the latest confirmations in the relay’s record before the ledger gets any', async () => {
  let write = () => {};
  record = () => new Promise((resolve) => (write = resolve));
  book.settle('co_z1', { header: 1, a: 1 }, 'r');
  book.settle('co_z2', { header: 1 }, 'r');
  book.settle('co_z1', { a: 2 }, 'r');
  const flushed = book.flush();
  expect(recorded).toEqual([['r', ['co_z1 a 2', 'co_z2 header 0']]]);
  await turn();
  expect(added).toEqual([]);
  write();
  await flushed;
  expect(added).toHaveLength(1);
});

it('tells what it has uploaded from what the relay had already', async () => {
  found.add('co_zhad').add('co_zboth');
  book.settle('co_zhad', { a: 1 }, 'r');
  book.settle('co_zsent', { a: 1 }, 'r');
  book.settle('co_zboth', { a: 1 }, 'r');
  found.delete('co_zboth');
  book.settle('co_zboth', { b: 1 }, 'r');
  await book.flush();
  expect(recorded).toEqual([['r', ['co_zboth b 1', 'co_zsent a 1', 'co_zhad a 1 found']]]);
});

it('keeps confirmations while the relay is in doubt, and while its record cannot be written', async () => {
  isRecorded = false;
  book.settle('co_z1', { a: 1 }, 'r');
  await book.flush();
  expect([recorded, added]).toEqual([[], []]);
  isRecorded = true;
  record = () => Promise.reject(new Error('no room'));
  await book.flush();
  expect([recorded.length, added]).toEqual([1, []]);
  book.settle('co_z1', { a: 2 }, 'r');
  record = () => Promise.resolve();
  clock.advance(1_000);
  await turn();
  expect(added[0]?.confirmations?.map(({ count }) => count)).toEqual([2]);
});

it('names the latest session of a CoValue, and tells nobody before all confirmations are on disk', async () => {
  isRecorded = false;
  const told: string[] = [];
  book.settle('co_z1', { earlier: 1 }, 'r');
  book.settle('co_z1', { now: 1 }, 'r');
  book.whenWritten(() => told.push('written'));
  await book.flush();
  expect(commits).toEqual([]);
  isRecorded = true;
  await book.flush();
  expect(recorded).toEqual([['r', ['co_z1 now 1']]]);
  commits[0]?.();
  await turn();
  expect(told).toEqual(['written']);
});

it('names later confirmations first when the record could not be written before', async () => {
  let fail: (error: Error) => void = () => {};
  record = () => new Promise((_, reject) => (fail = reject));
  for (let n = 0; n < 8; n++) book.settle(`co_zold${n}`, { a: 1 }, 'r');
  void book.flush();
  book.settle('co_znew', { a: 1 }, 'r');
  fail(new Error('no room'));
  await turn();
  record = () => Promise.resolve();
  clock.advance(1_000);
  await turn();
  expect(recorded.at(-1)?.[1]?.[0]).toBe('co_znew a 1');
});

it('no longer tries to name confirmations once it is closed', async () => {
  record = () => Promise.reject(new Error('no room'));
  book.settle('co_z1', { a: 1 }, 'r');
  await book.flush();
  closing.abort();
  clock.advance(1_000);
  await turn();
  expect(recorded).toHaveLength(2);
  clock.advance(60_000);
  await turn();
  expect(recorded).toHaveLength(2);
});
