import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { rootOf } from '../../test/support/session/account-parts.ts';
import {
  endAll,
  expectAwaited,
  pausedSignOut,
  refusalOf,
} from '../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../test/support/session/test-device.ts';
import { activeSession } from './active-session.ts';
import { openOnce } from './opening/shared-openings.ts';
import { resumeOnce } from './resume-once.ts';
import type { Session } from './session.ts';
import type { ResumeOptions } from './session-options.ts';
import { presentTabs } from './sign-out/tab-presence.ts';
import { until } from '../../test/support/until.ts';

let device: TestDevice;
let accountID: string;
beforeEach(async () => {
  device = createTestDevice(indexedDB);
  ({ accountID } = await device.signedUp());
  await device.closeAll();
});
afterEach(async () => {
  await endAll(device);
  localStorage.clear();
});

async function resumed(options: ResumeOptions = {}): Promise<Session> {
  const session = await resumeOnce(device.platform, { sync: false, ...options });
  if (!session) throw new Error('the device remembers no account');
  return session;
}

const countOpen = async () => (await presentTabs(device.platform, accountID))?.length;

test('[ACC-27] calls at the same time get one session', async () => {
  const [one, two, three] = await Promise.all([resumed(), resumed(), resumed({ accountID })]);
  expect(two).toBe(one);
  expect(three).toBe(one);
  expect(await countOpen()).toBe(1);
});

test('[ACC-27] a later call gets the session of this page, or another one if it asks', async () => {
  const one = await resumed();
  expect(await resumed()).toBe(one);
  expect(await resumed({ accountID })).toBe(one);
  const other = await resumed({ another: true });
  expect(other).not.toBe(one);
  expect(other.accountID).toBe(accountID);
});

test('a call gets the session of an account that this device does not remember', async () => {
  const session = await device.signedIn({ remember: 'never' });
  await device.databases.delete('maia-device');
  expect(await resumed({ accountID })).toBe(session);
});

test('a call never gets a session that is closing', async () => {
  const one = await resumed();
  const closing = one.close();
  const two = await resumed();
  rootOf(two).set('a', 1);
  await closing;
  expect(two).not.toBe(one);
});

test('[ACC-27] a call while this page signs the account out gets no session', async () => {
  const tab = pausedSignOut(device);
  const one = await resumeOnce(tab.platform, { sync: false });
  tab.begin();
  const leaving = one?.signOut({ discardUnsynced: true });
  await tab.isThere;
  const calls = [{}, { accountID }].map((options) =>
    resumeOnce(device.platform, { sync: false, ...options }),
  );
  await Promise.race([...calls, until(() => expectAwaited(`maia/signing-out/${accountID}`))]);
  tab.goOn();
  await leaving;
  expect(await Promise.all(calls)).toEqual([undefined, undefined]);
});

test('[ACC-27] a call while this page attempts to sign out waits, and gets the session that stays open', async () => {
  const tab = pausedSignOut(device);
  const one = await resumeOnce(tab.platform, { sync: false });
  if (!one) throw new Error('the device remembers no account');
  rootOf(one).set('a', 1);
  tab.begin();
  const refused = refusalOf(one.signOut());
  await tab.isThere;
  const two = resumed();
  await Promise.race([two, until(() => expectAwaited(`maia/signing-out/${accountID}`))]);
  tab.goOn();
  await refused;
  expect(await two).toBe(one);
  expect(await countOpen()).toBe(1);
});

test('a call whose signal aborts leaves the session to the others', async () => {
  const aborting = new AbortController();
  const one = resumed({ signal: aborting.signal });
  const two = resumed();
  aborting.abort();
  await expect(one).rejects.toMatchObject({ code: 'ABORTED' });
  rootOf(await two).set('a', 1);
  expect(await countOpen()).toBe(1);
});

test('a session that nobody waits for any more may fail to close', async () => {
  const session = await device.signedIn();
  const close = vi.spyOn(session, 'close').mockRejectedValueOnce(new Error('not saved'));
  const aborting = new AbortController();
  const call = openOnce('another account', aborting.signal, () => Promise.resolve(session));
  aborting.abort();
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  await expect.poll(() => close.mock.calls).toHaveLength(1);
});

test('a session that nobody waits for any more is not kept open', async () => {
  const aborting = new AbortController();
  const calls = [1, 2].map(() => resumed({ signal: aborting.signal }));
  const rejected = calls.map((call) => expect(call).rejects.toMatchObject({ code: 'ABORTED' }));
  aborting.abort();
  await Promise.all(rejected);
  await expect.poll(countOpen).toBe(0);
  expect(activeSession.current).toBeUndefined();
});
