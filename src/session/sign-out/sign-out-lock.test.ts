import { expect, test } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeLocks } from '../../../test/support/platform/fake-locks.ts';
import { afterSignOut, whileSigningOut } from './sign-out-lock.ts';

const forEver = () => new Promise<never>(() => {});
const nothing = () => {};
const noSignal = new AbortController().signal;

function frozenInSignOut() {
  const platform = { clock: createFakeClock(), locks: createFakeLocks() };
  void whileSigningOut(platform, 'ada', forEver);
  return platform;
}

test('a tab waits until another has signed the account out', async () => {
  const platform = { clock: createFakeClock(), locks: createFakeLocks() };
  const events: string[] = [];
  let end = () => {};
  const leaving = whileSigningOut(platform, 'ada', () => new Promise<void>((resolve) => (end = resolve)));
  const opening = afterSignOut(platform, 'ada', noSignal, nothing).then(() => events.push('opens'));
  await afterSignOut(platform, 'ben', noSignal, nothing);
  events.push('signed out');
  end();
  await Promise.all([leaving, opening]);
  expect(events).toEqual(['signed out', 'opens']);
});

test('a tab waits at most 20 s for a sign-out that does not end', async () => {
  const platform = frozenInSignOut();
  const late = { code: 'TIMEOUT', message: expect.stringContaining('Close the other tabs') as string };
  const waits = [
    expect(afterSignOut(platform, 'ada', noSignal, nothing)).rejects.toMatchObject(late),
    expect(whileSigningOut(platform, 'ada', forEver)).rejects.toMatchObject(late),
  ];
  platform.clock.advance(20_000);
  await Promise.all(waits);
});

test('a tab that is notified of the sign-out waits no longer', async () => {
  const notified = new AbortController();
  const waiting = afterSignOut(frozenInSignOut(), 'ada', notified.signal, nothing);
  const reason = new Error('signed out');
  notified.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test('a tab that has been notified of the sign-out does not wait at all', async () => {
  const reason = new Error('signed out');
  await expect(afterSignOut(frozenInSignOut(), 'ada', AbortSignal.abort(reason), nothing)).rejects.toBe(
    reason,
  );
});

test('a browser without locks signs out and opens', async () => {
  const platform = { clock: createFakeClock(), locks: undefined };
  await afterSignOut(platform, 'ada', noSignal, nothing);
  expect(await whileSigningOut(platform, 'ada', () => Promise.resolve('out'))).toBe('out');
});
