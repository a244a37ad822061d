import type { RawCoID } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import { noFacts, stockMarks, wholeDebts, type Ledger } from '../../storage/ledger.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeTasks } from '../../../test/support/platform/fake-tasks.ts';
import { createLedgerLog, type LedgerLog } from '../../../test/support/storage/ledger-log.ts';
import { readDebts, recallEarlierRun, type RecallOptions, type RecalledDebts } from './recall.ts';

let clock: FakeClock;
let log: LedgerLog;
let counted: RawCoID[];
let stored: Map<RawCoID, KnownCounts>;
let marked: readonly RawCoID[];
/** What fails now, and how often it was tried. */
let isLedgerFailing: boolean;
let areStatesFailing: boolean;
let reads: number;
let asked: (readonly RawCoID[])[];
let options: RecallOptions;

beforeEach(() => {
  clock = createFakeClock(1_000);
  counted = [];
  log = createLedgerLog();
  log.useRelays(['r', 's']);
  stored = new Map();
  marked = [];
  [isLedgerFailing, areStatesFailing, reads, asked] = [false, false, 0, []];
  const ledger: Ledger = {
    useRelays: log.useRelays,
    add: log.add,
    settled: () => {},
    attempted: () => Promise.resolve(),
    written: () => Promise.resolve(),
    read() {
      reads++;
      if (isLedgerFailing) return Promise.reject(new DOMException('no data', 'UnknownError'));
      const { debts, ...contents } = log.contents();
      return Promise.resolve({ ...contents, debts: [...debts, ...wholeDebts(marked, stockMarks, 5)] });
    },
  };
  options = {
    ledger,
    states: {
      read(ids) {
        asked.push(ids);
        if (areStatesFailing) return Promise.reject(new DOMException('no data', 'UnknownError'));
        const found = [...stored].filter(([id]) => ids.includes(id));
        return Promise.resolve(new Map(found.map(([id, counts]) => [id, { counts, signatures: {} }])));
      },
      async *ids() {},
    },
    relayIDs: () => ['r', 's'],
    onGenerations: () => {},
    clock,
    nextTask: () => Promise.resolve(),
  };
});

const recalling = (signal: AbortSignal) => ({
  ...options,
  count: (id: RawCoID) => void counted.push(id),
  logger: silentLogger,
  signal,
});
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const needIn = ({ byID }: RecalledDebts) => Object.fromEntries([...byID].map(([id, { need }]) => [id, need]));

describe('reading debts', () => {
  it('gives what is pending and what each relay has, without looking into the storage', async () => {
    log.add({
      debts: [
        { id: 'co_z1', session: 'a', count: 2, sinceMs: 5 },
        { id: 'co_z2', session: 'a', count: 1, sinceMs: 6 },
      ],
      confirmations: ['r', 's'].map((relayID) => ({
        ...{ relayID, generation: 0, id: 'co_z2' as const, session: 'a', count: 1 },
      })),
    });
    log.add({ confirmations: [{ relayID: 's', generation: 0, id: 'co_z1', session: 'a', count: 2 }] });
    const debts = await readDebts(options);
    expect([...debts.byID.keys()]).toEqual(['co_z1']);
    expect(debts.byID.get('co_z1')).toMatchObject({
      ...{ sinceMs: 5, need: { a: 2 } },
      confirmed: new Map([
        ['r', {}],
        ['s', { a: 2 }],
      ]),
    });
    expect(asked).toEqual([]);
  });

  it('names what a debt for everything stored stands for, once', async () => {
    log.add({ debts: wholeDebts(['co_z1'], 'v3', 5) });
    log.add({ debts: [{ id: 'co_z1', session: 'b', count: 4, sinceMs: 7 }] });
    stored.set('co_z1', { header: 1, a: 2 });
    expect(needIn(await readDebts(options))).toEqual({ co_z1: { header: 1, a: 2, b: 4 } });
    expect(asked).toEqual([['co_z1']]);
    const { debts, releases } = log.contents();
    expect(releases).toEqual([{ id: 'co_z1', session: '*v3', count: 1 }]);
    expect(debts).toContainEqual({ id: 'co_z1', session: 'a', count: 2, sinceMs: 5 });
    const { length } = log;
    // What is stored later is owed on its own.
    stored.set('co_z1', { header: 1, a: 9 });
    expect(needIn(await readDebts(options))).toEqual({ co_z1: { header: 1, a: 2, b: 4 } });
    expect(log.length).toBe(length);
  });

  it('takes many tasks for many debts', async () => {
    log.add({
      debts: Array.from({ length: 100 }, (_, at) => ({
        ...{ id: `co_z${at}` as const, session: 'a', count: 1, sinceMs: 5 },
      })),
    });
    let nowMs = 0;
    const tasks = createFakeTasks();
    const debts = readDebts({
      ...options,
      clock: { ...clock, elapsedMs: () => nowMs++ },
      nextTask: tasks.nextTask,
    });
    await turn();
    // Folding reads the clock once for each debt, and so does what follows.
    expect(await tasks.runAll()).toBeGreaterThan(20);
    expect((await debts).byID.size).toBe(100);
  });

  it('drops a debt for everything stored if nothing is', async () => {
    log.add({ debts: wholeDebts(['co_z1'], 'v3', 5) });
    expect((await readDebts(options)).byID.size).toBe(0);
    expect(log.pending).toEqual([]);
  });

  it('names a stock mark once, while another tab keeps it', async () => {
    marked = ['co_z1'];
    stored.set('co_z1', { header: 1, a: 2 });
    const need = { header: 1, a: 2 };
    expect(needIn(await readDebts(options))).toEqual({ co_z1: need });
    log.add({
      confirmations: ['r', 's'].flatMap((relayID) =>
        Object.entries(need).map(([session, count]) => ({
          ...{ relayID, generation: 0, id: 'co_z1' as const, session, count },
        })),
      ),
    });
    const { length } = log;
    expect((await readDebts(options)).byID.size).toBe(0);
    expect(log.length).toBe(length);
    // The other tab writes more.
    stored.set('co_z1', { header: 1, a: 3 });
    expect(needIn(await readDebts(options))).toEqual({ co_z1: { header: 1, a: 3 } });
    expect((await readDebts(options)).byID.size).toBe(1);
    expect(log.length).toBe(length + 1);
  });

  it('rejects, and names nothing, if the ledger or the storage cannot be read', async () => {
    log.add({ debts: wholeDebts(['co_z1'], 'v3', 5) });
    areStatesFailing = true;
    await expect(readDebts(options)).rejects.toThrow('no data');
    isLedgerFailing = true;
    await expect(readDebts(options)).rejects.toThrow('no data');
    expect(log.contents().releases).toEqual([]);
    expect(log.pending).toEqual(['co_z1']);
  });
});

describe('recalling', () => {
  it('retries a read that fails, each time after twice the time, up to 10 s', async () => {
    log.add({ debts: wholeDebts(['co_z1'], 'v3', 5) });
    stored.set('co_z1', { a: 1 });
    isLedgerFailing = true;
    let found: ReadonlyMap<string, KnownCounts> | undefined;
    void recallEarlierRun(recalling(new AbortController().signal)).then((debts) => (found = debts));
    await turn();
    let tries = 1;
    for (const delayMs of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      expect(reads).toBe(tries++);
      clock.advance(delayMs - 1);
      await turn();
      expect(reads).toBe(tries - 1);
      clock.advance(1);
      await turn();
    }
    expect(found).toBeUndefined();
    [isLedgerFailing, areStatesFailing] = [false, true];
    clock.advance(10_000);
    await turn();
    expect(asked).toHaveLength(1);
    expect(found).toBeUndefined();
    areStatesFailing = false;
    clock.advance(10_000);
    await turn();
    expect([...(found ?? [])]).toEqual([['co_z1', { a: 1 }]]);
    expect(counted).toEqual(['co_z1']);
    expect(clock.waiting).toBe(0);
  });

  it('ends without a result when the sync closes, and leaves no timer', async () => {
    isLedgerFailing = true;
    const ending = new AbortController();
    const recalled = recallEarlierRun(recalling(ending.signal));
    await turn();
    ending.abort();
    expect(await recalled).toBeUndefined();
    expect([clock.waiting, reads]).toEqual([0, 1]);
  });
});

it('an empty ledger recalls nothing', async () => {
  expect(log.contents()).toMatchObject(noFacts);
  expect((await readDebts(options)).byID.size).toBe(0);
});
