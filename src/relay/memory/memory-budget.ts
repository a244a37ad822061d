import type { Clock } from '../../base/clock.ts';
import {
  createMemoryAccounts,
  type ClientUse,
  type MemoryAccount,
  type MemoryHolder,
} from './memory-account.ts';

/** The memory of one relay: what its clients hold, and the CoValues that are loaded. */
export interface MemoryBudget {
  readonly limitBytes: number;
  /** Opens the account of a client, which counts until it is closed. */
  open(holder: MemoryHolder): MemoryAccount;
  /** Call it when `loadedBytes` has grown or shrunk. */
  check(): void;
  /** Above 70 %: loaded CoValues are evicted, and unfinished messages must arrive faster. */
  isScarce(): boolean;
  /** Whether to evict more. Lower than `isScarce`, so that not every message begins to evict. */
  mustEvict(): boolean;
  /** From 85 % until below 80 %: clients that hold more than their share wait. */
  isTight(): boolean;
  /** Bytes by use. */
  uses(): Readonly<Record<ClientUse | SharedUse, number>>;
  stop(): void;
}

/** `pending`: content that waits for its commit and whose client has left. */
export type SharedUse = 'loaded' | 'pending';

export interface MemoryBudgetOptions {
  readonly limitBytes: number;
  readonly clock: Pick<Clock, 'after'>;
  loadedBytes(): number;
  /** All content that waits for its commit. */
  pendingBytes(): number;
  /** Begins to evict loaded CoValues while `mustEvict` returns true, if it has not begun yet. */
  evict(): void;
}

/** WebAssembly, which keeps the loaded content, can address 4 GB, and fragments of them are lost. */
const maxLoadedBytes = 2_000_000_000;
const scarceAt = 0.7;
const evictUntil = 0.65;
/** Eviction leaves this much, so that clients which hold a lot cannot make the relay load CoValues again for each edit. */
const keptLoaded = 0.1;
const tightAt = 0.85;
const looseAt = 0.8;
const fullAt = 0.95;
/** The clients that hold most are refused, too, once memory was tight for so long: their memory may never be released. */
const patienceMs = 10_000;
const retryMs = 100;

export function createMemoryBudget(options: MemoryBudgetOptions): MemoryBudget {
  const { limitBytes, clock, loadedBytes, pendingBytes, evict } = options;
  const accounts = createMemoryAccounts({ limitBytes, isTight: () => isTight, changed: check });
  let isTight = false;
  let isReliefDue = false;
  let cancelPatience = () => {};
  let cancelRetry: (() => void) | undefined;
  let isStopped = false;

  const abandonedBytes = () => Math.max(0, pendingBytes() - accounts.uses().uncommitted);
  const pressureOf = (clientBytes: number) =>
    Math.max((clientBytes + loadedBytes() + abandonedBytes()) / limitBytes, loadedBytes() / maxLoadedBytes);
  const pressure = () => pressureOf(accounts.bytes());
  /** Once those have closed that were refused. */
  const pressureAfter = () => pressureOf(accounts.bytes() - accounts.leavingBytes());
  const keptBytes = keptLoaded * Math.min(limitBytes, maxLoadedBytes);
  const mustEvict = () => pressure() >= evictUntil && loadedBytes() > keptBytes;

  function check(): void {
    if (isStopped) return;
    const now = pressure();
    if (now >= scarceAt && mustEvict()) evict();
    if (!isTight && now >= tightAt) tighten();
    else if (isTight && now < looseAt) loosen();
    if (now >= fullAt && pressureAfter() >= fullAt) relieveSoon();
  }

  function tighten(): void {
    isTight = true;
    cancelPatience = clock.after(patienceMs, () => {
      accounts.refuseLargest(() => pressureAfter() >= looseAt);
      if (isTight) tighten();
    });
  }

  function loosen(): void {
    isTight = false;
    cancelPatience();
    accounts.wake();
  }

  /** Not within the call that brought it about: it may be in the middle of a client's queue. */
  function relieveSoon(): void {
    if (isReliefDue || cancelRetry || isStopped) return;
    isReliefDue = true;
    setImmediate(() => {
      isReliefDue = false;
      accounts.refuseLargest(() => pressureAfter() >= fullAt);
      // All clients are within their shares, and only eviction helps. Looking at all of them costs too much for each message.
      if (pressureAfter() >= fullAt && !isStopped) {
        cancelRetry = clock.after(retryMs, () => {
          cancelRetry = undefined;
          check();
        });
      }
    });
  }

  return {
    limitBytes,
    open: accounts.open,
    check,
    isScarce: () => pressure() >= scarceAt,
    mustEvict,
    isTight: () => isTight,
    uses: () => ({ ...accounts.uses(), loaded: loadedBytes(), pending: abandonedBytes() }),
    stop() {
      isStopped = true;
      cancelPatience();
      cancelRetry?.();
    },
  };
}
