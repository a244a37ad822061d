import { describe, expect, it } from 'vitest';
import { createCommitQueue } from './commit-queue.ts';
import { until } from '../../../../test/support/until.ts';

interface Entry {
  readonly id: string;
  readonly bytes?: number;
  readonly needs?: readonly string[];
}

/** A queue whose commits the test completes, in the order in which they began. */
function setUp(lanes = 1) {
  const batches: (readonly Entry[])[] = [];
  const ends: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  const waits: { readonly delayMs: number; readonly run: () => void }[] = [];
  const failures: unknown[] = [];
  const running: number[] = [];
  let elapsedMs = 0;
  const queue = createCommitQueue<Entry>({
    lanes,
    idOf: ({ id }) => id,
    bytesOf: ({ bytes = 1 }) => bytes,
    dependenciesOf: ({ needs = [] }) => needs,
    commit(batch, lane) {
      batches.push(batch);
      running.push(lane);
      return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
    },
    findLocked: (error) => (error instanceof Set ? Promise.resolve(error as Set<string>) : undefined),
    failed: (error) => failures.push(error),
    callbackFailed: (error) => failures.push(error),
    clock: {
      nowMs: () => 0,
      elapsedMs: () => elapsedMs,
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
    pass: (ms: number) => void (elapsedMs += ms),
    note: (what: string) => () => void log.push(what),
    committing: (count: number) => until(() => expect(batches).toHaveLength(count)),
    end: () => ends.shift()?.resolve(),
    fail: () => ends.shift()?.reject(new Error('full')),
    /** Ends the oldest commit because of a lock. Without IDs, it is not known of what. */
    lock: (...ids: string[]) => ends.shift()?.reject(new Set(ids)),
    texts: () => batches.map((batch) => batch.map(({ id }) => id).join()),
    running,
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
      await until(() => expect(waits).toHaveLength(attempt));
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
    await until(() => expect(waits).toHaveLength(1));
    queue.stop();
    queue.push({ id: 'b' });
    waits[0]?.run();
    await settled();
    expect(batches).toHaveLength(1);
    expect(log).toEqual([]);
    expect(queue.pending).toBe(1);
  });
});

describe('several lanes', () => {
  it('commit at once, and take what came meanwhile', async () => {
    const { queue, texts, running, committing, end, settled } = setUp(2);
    for (const id of ['a', 'b', 'c', 'd']) {
      queue.push({ id });
      await settled();
    }
    expect(texts()).toEqual(['a', 'b']);
    end();
    await committing(3);
    expect(texts()[2]).toBe('c,d');
    expect(running).toEqual([1, 2, 1]);
  });

  it('[RELAY-48] commit the entries of an ID in order, one commit after the other', async () => {
    const { queue, batches, texts, note, log, committing, end, settled } = setUp(3);
    queue.push({ id: 'a', bytes: 1 });
    queue.afterCommit('a', note('a1'));
    await committing(1);
    queue.push({ id: 'a', bytes: 2 });
    queue.afterCommit('a', note('a2'));
    queue.push({ id: 'b' });
    queue.afterCommit('b', note('b'));
    await committing(2);
    await settled();
    expect(texts()).toEqual(['a', 'b']);
    end();
    await committing(3);
    expect(batches[2]).toEqual([{ id: 'a', bytes: 2 }]);
    expect(log).toEqual(['a1']);
    end();
    end();
    await settled();
    expect(log).toEqual(['a1', 'b', 'a2']);
  });

  it('[RELAY-48] report everything as committed only after the last of them', async () => {
    const { queue, note, log, committing, end, settled } = setUp(2);
    queue.push({ id: 'a' });
    await committing(1);
    queue.push({ id: 'b' });
    await committing(2);
    queue.afterCommit(undefined, note('all'));
    queue.push({ id: 'a' });
    end();
    await committing(3);
    expect(log).toEqual([]);
    end();
    await settled();
    expect(log).toEqual(['all']);
  });

  it('[RELAY-48] commit nothing before what it depends on, unless together', async () => {
    const { queue, texts, committing, end, settled } = setUp(3);
    queue.push({ id: 'group' });
    await committing(1);
    queue.push({ id: 'map', needs: ['group'] });
    queue.push({ id: 'other' });
    queue.push({ id: 'below', needs: ['map'] });
    await committing(2);
    await settled();
    expect(texts()).toEqual(['group', 'other']);
    end();
    await committing(3);
    expect(texts()[2]).toBe('map,below');
  });

  it('share what is too large for one commit', async () => {
    const { queue, texts, committing } = setUp(2);
    for (const id of ['a', 'b', 'c']) queue.push({ id, bytes: 5_000_000 });
    await committing(2);
    expect(texts()).toEqual(['a', 'b']);
  });

  it('fail one by one, and the others go on', async () => {
    const { queue, waits, failures, texts, committing, fail, end, settled } = setUp(2);
    queue.push({ id: 'a' });
    await committing(1);
    queue.push({ id: 'b' });
    await committing(2);
    fail();
    await until(() => expect(waits).toHaveLength(1));
    end();
    await settled();
    expect(failures).toHaveLength(1);
    expect([...queue.attempts]).toEqual([{ begunMs: 0, failures: 1, firstFailureMs: 0 }]);
    expect(queue.failure).toBeDefined();
    queue.push({ id: 'c' });
    await committing(3);
    end();
    waits[0]?.run();
    await committing(4);
    end();
    await settled();
    expect(texts()).toEqual(['a', 'b', 'c', 'a']);
    expect(queue.failure).toBeUndefined();
    expect([...queue.attempts]).toEqual([]);
  });
});

describe('[RELAY-49] a lock of another transaction', () => {
  it('sets aside what it concerns, with what comes of that later; the rest is committed', async () => {
    const { queue, waits, failures, texts, running, note, log, committing, lock, end, settled } = setUp();
    for (const id of ['a', 'b', 'c']) queue.push({ id });
    for (const id of ['a', 'b', 'c', undefined]) queue.afterCommit(id, note(`${id}`));
    await committing(1);
    queue.push({ id: 'b', bytes: 2 });
    lock('b');
    await committing(2);
    expect(texts()[1]).toBe('a,c');
    expect(queue.setAside).toBe(1);
    end();
    await settled();
    expect(log).toEqual(['a', 'c']);
    queue.push({ id: 'd' });
    queue.push({ id: 'b', bytes: 3 });
    await committing(3);
    expect(texts()[2]).toBe('d');

    waits[0]?.run();
    await committing(4);
    expect(texts()[3]).toBe('b,b,b');
    expect(running).toEqual([1, 1, 1, 0]);
    end();
    lock('b');
    await until(() => expect(waits).toHaveLength(2));
    waits[1]?.run();
    await committing(5);
    expect(texts()[4]).toBe('b,b,b');
    end();
    await settled();
    expect(log).toEqual(['a', 'c', 'b', 'undefined']);
    expect(queue.setAside).toBe(0);
    expect(failures).toEqual([]);
    queue.push({ id: 'b' });
    await committing(6);
  });

  it('is found by halves if the database does not show what is locked', async () => {
    const { queue, texts, committing, lock, end, settled } = setUp();
    for (const id of ['a', 'b', 'c', 'd']) queue.push({ id });
    await committing(1);
    lock();
    await committing(2);
    lock();
    await committing(3);
    lock();
    await committing(4);
    end();
    await settled();
    expect(texts()).toEqual(['a,b,c,d', 'a,b', 'a', 'b,c,d']);
    expect(queue.setAside).toBe(1);
    expect(queue.pending).toBe(1);
  });

  it('holds up what depends on what is locked', async () => {
    const { queue, waits, texts, committing, lock, end, settled } = setUp();
    queue.push({ id: 'group' });
    await committing(1);
    queue.push({ id: 'map', needs: ['group'] });
    lock('group');
    await settled();
    queue.push({ id: 'other' });
    await committing(2);
    end();
    await settled();
    expect(texts()).toEqual(['group', 'other']);
    waits[0]?.run();
    await committing(3);
    end();
    await committing(4);
    expect(texts().slice(2)).toEqual(['group', 'map']);
  });
});

it('measures how long its oldest entry has waited, also while commits fail, but not for a lock', async () => {
  const { queue, waits, pass, committing, end, fail, lock, settled } = setUp();
  pass(100);
  expect(queue.oldestPendingMs).toBe(0);
  queue.push({ id: 'a' });
  pass(10);
  await committing(1);
  queue.push({ id: 'b' });
  pass(20);
  expect(queue.oldestPendingMs).toBe(30);
  fail();
  await until(() => expect(waits).toHaveLength(1));
  pass(5);
  waits[0]?.run();
  await committing(2);
  expect(queue.oldestPendingMs).toBe(35);
  end();
  await committing(3);
  expect(queue.oldestPendingMs).toBe(25);
  lock('b');
  await settled();
  expect(queue.pending).toBe(1);
  expect(queue.oldestPendingMs).toBe(0);
});

it('goes on if a callback throws after the commit', async () => {
  const { queue, batches, failures, log, note, committing, end } = setUp();
  queue.push({ id: 'a' });
  const failure = new Error('The client is gone.');
  queue.afterCommit('a', () => {
    throw failure;
  });
  queue.afterCommit('a', note('a'));
  queue.afterCommit(undefined, note('all'));
  await committing(1);
  end();
  await until(() => expect(log).toEqual(['a', 'all']));
  expect(failures).toEqual([failure]);
  queue.push({ id: 'b' });
  await committing(2);
  expect(batches[1]).toEqual([{ id: 'b' }]);
});
