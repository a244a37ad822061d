import { expect, test } from 'vitest';
import type { Locks } from '../../platform/platform.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeLocks } from '../../../test/support/platform/fake-locks.ts';
import { oneSignUpAtATime } from './sign-up-lock.ts';

function forEver(): Promise<never> {
  return new Promise(() => {});
}

test('a second sign-up waits for the first, and begins after that has failed', async () => {
  const platform = { locks: createFakeLocks(), clock: createFakeClock() };
  const events: string[] = [];
  let fail: (error: Error) => void = () => {};
  const failing = new Promise<never>((_, reject) => (fail = reject));
  const first = oneSignUpAtATime(platform, undefined, () => failing);
  const second = oneSignUpAtATime(platform, undefined, () => {
    events.push('second');
    return Promise.resolve();
  });
  events.push('first fails');
  fail(new Error('refused'));
  await expect(first).rejects.toThrow('refused');
  await second;
  expect(events).toEqual(['first fails', 'second']);
});

test('a sign-up waits at most a minute for another that does not end', async () => {
  const platform = { locks: createFakeLocks(), clock: createFakeClock() };
  void oneSignUpAtATime(platform, undefined, forEver);
  const second = oneSignUpAtATime(platform, undefined, forEver);
  platform.clock.advance(59_999);
  platform.clock.advance(1);
  await expect(second).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('tab') as string,
  });
});

test('the time limit does not end a sign-up that has begun', async () => {
  const platform = { locks: createFakeLocks(), clock: createFakeClock() };
  let end: (made: string) => void = () => {};
  const ending = new Promise<string>((resolve) => (end = resolve));
  const first = oneSignUpAtATime(platform, undefined, () => ending);
  await Promise.resolve();
  platform.clock.advance(600_000);
  end('made');
  expect(await first).toBe('made');
});

test('the app’s signal ends the wait', async () => {
  const platform = { locks: createFakeLocks(), clock: createFakeClock() };
  void oneSignUpAtATime(platform, undefined, forEver);
  const aborting = new AbortController();
  const second = oneSignUpAtATime(platform, aborting.signal, forEver);
  const reason = new Error('the page went on');
  aborting.abort(reason);
  await expect(second).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
});

test.each([
  ['has no locks', undefined],
  [
    'refuses them',
    { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } satisfies Locks,
  ],
])('a document that %s can sign up', async (_, locks) => {
  const platform = { locks, clock: createFakeClock() };
  expect(await oneSignUpAtATime(platform, undefined, () => Promise.resolve('made'))).toBe('made');
});
