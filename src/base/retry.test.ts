import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { retry } from './retry.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('tries again after a delay that doubles up to its limit, until it succeeds', async () => {
  const clock = createFakeClock();
  const failed = vi.fn();
  let isBroken = true;
  const run = vi.fn(() => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve('done')));
  const result = retry(run, { clock, signal: new AbortController().signal, failed });
  await turn();
  for (const [tries, delayMs] of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000].entries()) {
    expect(run).toHaveBeenCalledTimes(tries + 1);
    expect(failed).toHaveBeenCalledTimes(tries + 1);
    clock.advance(delayMs - 1);
    await turn();
    expect(run).toHaveBeenCalledTimes(tries + 1);
    clock.advance(1);
    await turn();
  }
  isBroken = false;
  clock.advance(10_000);
  expect(await result).toBe('done');
  expect(clock.waiting).toBe(0);
});

it('begins with the given delay', async () => {
  const clock = createFakeClock();
  const run = vi.fn(() => Promise.reject(new Error('broken')));
  const ending = new AbortController();
  const result = retry(run, { clock, signal: ending.signal, firstDelayMs: 20, maxDelayMs: 30 });
  for (const [tries, delayMs] of [20, 30, 30].entries()) {
    await turn();
    expect(run).toHaveBeenCalledTimes(tries + 1);
    clock.advance(delayMs);
  }
  ending.abort();
  expect(await result).toBeUndefined();
});

it('ends at once when it is aborted while it waits, and leaves neither a timer nor a listener', async () => {
  const clock = createFakeClock();
  const ending = new AbortController();
  const removed = vi.spyOn(ending.signal, 'removeEventListener');
  const added = vi.spyOn(ending.signal, 'addEventListener');
  const run = vi.fn(() => Promise.reject(new Error('broken')));
  const result = retry(run, { clock, signal: ending.signal });
  await turn();
  clock.advance(500);
  await turn();
  ending.abort();
  expect(await result).toBeUndefined();
  expect(run).toHaveBeenCalledTimes(2);
  expect(clock.waiting).toBe(0);
  expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
});

it('does not report an attempt that fails once it is aborted', async () => {
  const clock = createFakeClock();
  const failed = vi.fn();
  const ending = new AbortController();
  const run = () => {
    ending.abort();
    return Promise.reject(new Error('broken'));
  };
  expect(await retry(run, { clock, signal: ending.signal, failed })).toBeUndefined();
  expect(failed).not.toHaveBeenCalled();
  expect(clock.waiting).toBe(0);
});

it('does not run if it is already aborted', async () => {
  const run = vi.fn(() => Promise.resolve(1));
  const signal = AbortSignal.abort();
  expect(await retry(run, { clock: createFakeClock(), signal })).toBeUndefined();
  expect(run).not.toHaveBeenCalled();
});
