import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createMemoryBudget } from './memory-budget.ts';

/** A budget of 10 MB. */
function setUp() {
  const clock = createFakeClock();
  const shared = { loaded: 0, pending: 0 };
  const evict = vi.fn();
  const budget = createMemoryBudget({
    limitBytes: 10_000_000,
    clock,
    loadedBytes: () => shared.loaded,
    pendingBytes: () => shared.pending,
    evict,
  });
  const open = (bytes = 0) => {
    const holder = { changed: vi.fn(), refuse: vi.fn() };
    const account = budget.open(holder);
    account.hold('outgoing', bytes);
    return Object.assign(account, holder);
  };
  const load = (bytes: number) => {
    shared.loaded = bytes;
    budget.check();
  };
  return { budget, clock, shared, evict, open, load };
}

const nextTurn = () => new Promise(setImmediate);

it('[RELAY-35] counts what each client holds, by use, until the client is gone', () => {
  const { budget, open, load, shared } = setUp();
  const [one, two] = [open(100), open(20)];
  one.hold('unfinished', 1_000);
  one.hold('unfinished', 3_000);
  two.hold('uncommitted', 500);
  load(7_000);
  shared.pending = 500;
  expect(budget.uses()).toMatchObject({ unfinished: 3_000, outgoing: 120, uncommitted: 500, loaded: 7_000 });
  one.close();
  one.hold('outgoing', 50);
  two.close();
  // Its content still waits for the commit.
  expect(budget.uses()).toMatchObject({ unfinished: 0, outgoing: 0, uncommitted: 0, pending: 500 });
});

it('[RELAY-36] above 70 % memory is scarce, and loaded CoValues are evicted until 65 %', () => {
  const { budget, evict, open, load } = setUp();
  open(2_000_000);
  load(4_900_000);
  expect(evict).not.toHaveBeenCalled();
  expect(budget.isScarce()).toBe(false);
  load(5_100_000);
  expect(evict).toHaveBeenCalledOnce();
  expect(budget.isScarce()).toBe(true);
  load(4_600_000);
  expect(budget.mustEvict()).toBe(true);
  load(4_400_000);
  expect(budget.mustEvict()).toBe(false);
});

it('[RELAY-36] evicts nothing more once loaded CoValues take 10 %, whatever clients hold', () => {
  const { budget, evict, open, load } = setUp();
  open(8_000_000);
  load(900_000);
  expect(budget.isScarce()).toBe(true);
  expect(evict).not.toHaveBeenCalled();
});

it('[RELAY-37] from 85 % until below 80 %, a client beyond its share waits, and others do not', async () => {
  const { budget, open, load } = setUp();
  const [large, small] = [open(4_000_000), open(1_000)];
  load(4_400_000);
  expect(large.mustWait()).toBe(false);
  load(4_600_000);
  expect(budget.isTight()).toBe(true);
  // What it holds is compared whenever that changes.
  large.hold('outgoing', 4_000_001);
  small.hold('outgoing', 1_001);
  expect([large.mustWait(), small.mustWait()]).toEqual([true, false]);
  load(4_100_000);
  expect(budget.isTight()).toBe(true);
  load(3_900_000);
  expect(budget.isTight()).toBe(false);
  expect(large.mustWait()).toBe(false);
  await nextTurn();
  expect(large.changed).toHaveBeenCalledTimes(2);
  expect(small.changed).not.toHaveBeenCalled();
});

it('[RELAY-37] a client that waits gets on once it is within its share', () => {
  const { open, load } = setUp();
  const [one] = [open(4_000_000), open()];
  load(4_900_000);
  one.hold('loads', 10);
  expect(one.mustWait()).toBe(true);
  one.hold('outgoing', 3_400_000);
  expect(one.mustWait()).toBe(false);
});

it('[RELAY-37] at 95 % those that hold most are refused, as many as it takes', async () => {
  const { open } = setUp();
  const clients = [1_000_000, 2_000_000, 3_000_000, 2_500_000, 900_000].map(open);
  const refusals = () => clients.map(({ refuse }) => refuse.mock.calls.length);
  await nextTurn();
  expect(refusals()).toEqual([0, 0, 0, 0, 0]);
  clients[0]?.hold('loads', 200_000);
  await nextTurn();
  expect(refusals()).toEqual([0, 0, 1, 0, 0]);
  // It is not gone yet, but its memory is about to be released.
  clients[4]?.hold('loads', 100);
  await nextTurn();
  expect(refusals()).toEqual([0, 0, 1, 0, 0]);
  clients[2]?.close();
  clients[0]?.hold('loads', 3_500_000);
  await nextTurn();
  expect(refusals()).toEqual([1, 0, 1, 0, 0]);
});

it('[RELAY-37] never refuses a client within its share, which is at least 64 kB', async () => {
  const { budget, clock, open, load } = setUp();
  const clients = Array.from({ length: 200 }, () => open(45_000));
  await nextTurn();
  load(900_000);
  expect(budget.isTight()).toBe(true);
  await nextTurn();
  clock.advance(60_000);
  await nextTurn();
  expect(clients.every(({ refuse }) => refuse.mock.calls.length === 0)).toBe(true);
  // Looked at again, because nothing has to change for a client to go beyond its share.
  clients[0]?.hold('loads', 20_000);
  clock.advance(100);
  await nextTurn();
  expect(clients.map(({ refuse }) => refuse.mock.calls.length).filter(Boolean)).toHaveLength(1);
});

it('[RELAY-37] refuses those that hold most, too, if memory stays tight for 10 s', () => {
  const { clock, open, budget } = setUp();
  const [large, , small] = [open(5_000_000), open(3_000_000), open(1_000_000)];
  expect(budget.isTight()).toBe(true);
  clock.advance(9_000);
  expect(large.refuse).not.toHaveBeenCalled();
  clock.advance(1_000);
  expect(large.refuse).toHaveBeenCalledOnce();
  large.close();
  expect(budget.isTight()).toBe(false);
  clock.advance(60_000);
  expect(small.refuse).not.toHaveBeenCalled();
});

it('[RELAY-37] leaves no timer behind', async () => {
  const { budget, clock, open } = setUp();
  for (let count = 0; count < 200; count++) open(60_000);
  await nextTurn();
  expect(clock.waiting).toBeGreaterThan(0);
  budget.stop();
  expect(clock.waiting).toBe(0);
});

it('[RELAY-36] evicts before WebAssembly is full, also if the limit is far above what that can address', () => {
  const evict = vi.fn();
  const shared = { loaded: 0 };
  const budget = createMemoryBudget({
    limitBytes: 24_000_000_000,
    clock: createFakeClock(),
    loadedBytes: () => shared.loaded,
    pendingBytes: () => 0,
    evict,
  });
  shared.loaded = 1_900_000_000;
  budget.check();
  expect(evict).toHaveBeenCalledOnce();
  expect(budget.mustEvict()).toBe(true);
});

it('[RELAY-37] a client that waits goes on once its share has grown enough', async () => {
  const { open, load } = setUp();
  const [one, two] = [open(4_000_000), open(1_000)];
  load(5_000_000);
  one.hold('outgoing', 4_000_001);
  expect(one.mustWait()).toBe(true);
  await nextTurn();
  one.changed.mockClear();
  // Memory stays tight, but the share of one client is now 7 MB.
  two.close();
  expect(one.mustWait()).toBe(false);
  await nextTurn();
  expect(one.changed).toHaveBeenCalledOnce();
});
