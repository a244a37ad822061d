import { expect, it } from 'vitest';
import { createPlaces } from './request-places.ts';

/** Runs tasks that end when the test ends them. */
function places(perAddress = 32) {
  const all = createPlaces(perAddress);
  const running = new Map<string, () => void>();
  const run = async (name: string, signal = new AbortController().signal) => {
    const place = all.enter(name.slice(0, 1), signal);
    try {
      await place.run(() => new Promise<void>((resolve) => running.set(name, resolve)));
    } finally {
      place.leave();
    }
  };
  /** Ends one, and returns what runs then. */
  const end = async (name: string) => {
    running.get(name)?.();
    running.delete(name);
    await settled();
    return names();
  };
  const names = () => [...running.keys()];
  const begin = (...begun: string[]) => void begun.map((name) => run(name));
  return { all, run, running, names, begin, end };
}

/** Until what has ended has let others begin. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('[RELAY-68] an address beside which two keep the relay busy does not wait', async () => {
  const { begin, end, names } = places();
  begin('a1', 'a2', 'a3', 'b1', 'b2', 'b3');
  expect(names()).toEqual(['a1', 'a2', 'b1']);
  begin('c1');
  expect(names()).toEqual(['a1', 'a2', 'b1', 'c1']);
  expect(await end('c1')).toEqual(['a1', 'a2', 'b1']);
  expect(await end('a1')).toEqual(['a2', 'b1']);
  begin('c2');
  expect(names()).toEqual(['a2', 'b1', 'c2']);
});

it('[RELAY-68] addresses take turns, and those of which nothing runs come first', async () => {
  const { begin, end, names } = places();
  begin('a1', 'a2', 'a3', 'b1', 'c1', 'd1', 'd2', 'e1');
  expect(names()).toEqual(['a1', 'a2', 'b1', 'c1']);
  expect(await end('a2')).toEqual(['a1', 'b1', 'c1', 'd1']);
  begin('b2', 'b3');
  expect(await end('b1')).toEqual(['a1', 'c1', 'd1', 'e1']);
  expect(await end('d1')).toEqual(['a1', 'c1', 'e1', 'd2']);
  begin('c2', 'd3');
  expect(await end('d2')).toEqual(['a1', 'c1', 'e1', 'b2']);
  expect(await end('b2')).toEqual(['a1', 'c1', 'e1', 'd3']);
  expect(await end('d3')).toEqual(['a1', 'c1', 'e1', 'b3']);
  for (const name of ['a1', 'c1', 'e1']) await end(name);
  expect(names()).toEqual(['b3', 'a3', 'c2']);
});

it('[RELAY-68] a request that is ended while it waits leaves the queue', async () => {
  const { all, run, begin, end } = places();
  begin('a1', 'a2');
  const ending = new AbortController();
  const ended = run('a3', ending.signal);
  begin('a4');
  const reason = new Error('It has gone.');
  ending.abort(reason);
  await expect(ended).rejects.toBe(reason);
  expect(await end('a1')).toEqual(['a2', 'a4']);
  await expect(all.enter('a', ending.signal).run(expect.unreachable)).rejects.toBe(reason);
});

it('[RELAY-68] refuses what an address sends beyond its limit, and what all send beyond theirs', async () => {
  const { all, run, running, end } = places(32);
  const runs = Array.from({ length: 32 }, (_, index) => run(`a${index}`));
  await expect(run('a late')).rejects.toMatchObject({ code: 'limit', status: 429 });
  const { signal } = new AbortController();
  const entered = Array.from({ length: 256 - 32 }, (_, index) => all.enter(`b${index}`, signal));
  expect(() => all.enter('c', signal)).toThrow(expect.objectContaining({ status: 429 }));
  entered[0]?.leave();
  all.enter('c', signal).leave();
  while (running.size > 0) for (const name of running.keys()) await end(name);
  await Promise.all(runs);
  all.enter('a', signal).leave();
  const few = createPlaces(1);
  few.enter('a', signal);
  expect(() => few.check('a')).toThrow(expect.objectContaining({ status: 429 }));
});

it('[RELAY-68] frees the place of a task that fails', async () => {
  const { all } = places();
  for (let count = 0; count < 40; count++) {
    const place = all.enter('a', new AbortController().signal);
    await expect(place.run(() => Promise.reject(new Error('No.')))).rejects.toThrow('No.');
    place.leave();
  }
});
