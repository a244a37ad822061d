import { expect, it } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { committing, resultOf } from './indexed-db.ts';

/** A request, or a transaction, of which a test sends the events. */
function silent(): IDBRequest<string> & IDBTransaction {
  return Object.assign(new EventTarget(), { result: 'found', error: null, abort: () => {} }) as never;
}

it('a request that the browser never answers fails after 20 s', async () => {
  const clock = createFakeClock();
  const result = resultOf(silent(), clock);
  clock.advance(20_000);
  await expect(result).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('a transaction that the browser never ends fails after 20 s, also if it was aborted', async () => {
  const clock = createFakeClock();
  const outcomes = [
    committing(silent(), () => 'done', clock),
    committing(silent(), () => Promise.reject(new Error('not found')), clock),
  ].map((outcome) => outcome.catch((error: Error) => error.name));
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(20_000);
  expect(await Promise.all(outcomes)).toEqual(['TimeoutError', 'Error']);
});

it('the time for which a page was frozen does not count', async () => {
  const timers: (() => void)[] = [];
  const clock = { ...createFakeClock(), after: (_: number, run: () => void) => (timers.push(run), () => {}) };
  const request = silent();
  const result = resultOf(request, clock);
  // All timers that were due during the freeze run first.
  for (const run of timers.splice(0)) run();
  request.dispatchEvent(new Event('success'));
  expect(await result).toBe('found');
});
