import { describe, expect, it, vi } from 'vitest';
import { createCommitQueue } from './commit-queue.ts';

interface Entry {
  readonly id: string;
  readonly bytes?: number;
}

/** A queue whose commits the test completes. */
function setUp() {
  const batches: (readonly Entry[])[] = [];
  const ends: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  const waits: { readonly delayMs: number; readonly run: () => void }[] = [];
  const failures: unknown[] = [];
  const queue = createCommitQueue<Entry>({
    idOf: ({ id }) => id,
    bytesOf: ({ bytes = 1 }) => bytes,
    commit(batch) {
      batches.push(batch);
      return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
    },
    failed: (error) => failures.push(error),
    clock: {
      nowMs: () => 0,
      elapsedMs: () => 0,
      after(delayMs, run) {
        waits.push({ delayMs, run });
        return () => {};
      },
    },
  });
  const log: string[] = [];
  return {
    queue,
    batches,
    waits,
    failures,
    log,
    note: (what: string) => () => void log.push(what),
    committing: (count: number) => vi.waitFor(() => expect(batches).toHaveLength(count), { interval: 1 }),
    end: () => ends.shift()?.resolve(),
    fail: () => ends.shift()?.reject(new Error('full')),
    settled: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

describe('groups', () => {
  it('commits immediately when idle, then combines the entries that came meanwhile', async () => {
    const { queue, batches, committing, end } = setUp();
    queue.push({ id: 'a' });
    await committing(1);
    for (const id of ['b', 'c', 'd']) queue.push({ id });
    end();
    await committing(2);
    expect(batches.map((batch) => batch.map(({ id }) => id).join())).toEqual(['a', 'b,c,d']);
  });

  it('keeps a batch within its byte limit and commits a larger entry alone', async () => {
    const { queue, batches, committing, end } = setUp();
    for (const bytes of [5_000_000, 2_000_000, 2_000_000, 20_000_000, 1]) queue.push({ id: 'a', bytes });
    for (const count of [1, 2, 3, 4]) {
      await committing(count);
      end();
    }
    expect(batches.map((batch) => batch.length)).toEqual([2, 1, 1, 1]);
  });
});

describe('a callback after a commit', () => {
  it('waits only for entries pushed before it', async () => {
    const { queue, note, log, committing, end, settled } = setUp();
    queue.afterCommit('a', note('nothing of a pending'));
    queue.push({ id: 'a' });
    queue.push({ id: 'b' });
    queue.afterCommit('a', note('a1'));
    await committing(1);
    queue.push({ id: 'a' });
    queue.afterCommit('a', note('a2'));
    queue.afterCommit('b', note('b'));
    queue.afterCommit('c', note('c has nothing'));
    queue.afterCommit(undefined, note('all'));
    expect(log).toEqual(['nothing of a pending', 'c has nothing']);
    end();
    await committing(2);
    expect(log.slice(2)).toEqual(['a1', 'b']);
    expect(queue.pending).toBe(1);
    end();
    await settled();
    expect(log.slice(4)).toEqual(['a2', 'all']);
    expect(queue.pending).toBe(0);
  });
});

describe('a commit that fails', () => {
  it('runs no callbacks and is retried with growing delays until it succeeds', async () => {
    const { queue, waits, failures, batches, note, log, committing, fail, end, settled } = setUp();
    queue.push({ id: 'a' });
    queue.afterCommit('a', note('a'));
    for (let attempt = 1; attempt <= 12; attempt++) {
      await committing(attempt);
      fail();
      await vi.waitFor(() => expect(waits).toHaveLength(attempt), { interval: 1 });
      expect(queue.failure).toEqual(new Error('full'));
      waits.at(-1)?.run();
    }
    expect(log).toEqual([]);
    expect(failures).toHaveLength(12);
    expect(waits.slice(0, 4).map(({ delayMs }) => delayMs)).toEqual([50, 100, 200, 400]);
    expect(waits.at(-1)?.delayMs).toBe(5_000);
    await committing(13);
    end();
    await settled();
    expect(log).toEqual(['a']);
    expect(queue.failure).toBeUndefined();
    expect(new Set(batches.flat())).toHaveProperty('size', 1);
  });

  it('is abandoned by stop and never counts as done', async () => {
    const { queue, waits, note, log, batches, committing, fail, settled } = setUp();
    queue.push({ id: 'a' });
    queue.afterCommit('a', note('a'));
    await committing(1);
    fail();
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    queue.stop();
    queue.push({ id: 'b' });
    waits[0]?.run();
    await settled();
    expect(batches).toHaveLength(1);
    expect(log).toEqual([]);
    expect(queue.pending).toBe(1);
  });
});
