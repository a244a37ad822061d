import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../base/clock.ts';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import {
  anotherTab,
  closedWith,
  contentOf,
  endAll,
  refusalOf,
} from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { activeSession } from '../active-session.ts';
import { resume } from '../resume.ts';
import type { Session } from '../session.ts';
import { signUp } from '../sign-up/sign-up.ts';
import { until } from '../../../test/support/until.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  await endAll(device);
  localStorage.clear();
});

const saved = (session: Session) => until(() => expect(session.sync.current.saved.pending).toBe(0));

describe('the other tabs of the account', () => {
  test('end before the databases are deleted, and report why', async () => {
    const first = await device.signedUp();
    const other = await anotherTab(device);
    const closed = closedWith(other);
    await first.signOut({ discardUnsynced: true });
    expect(closed).toHaveBeenCalledOnce();
    expect(closed.mock.calls[0]?.[0]).toMatchObject({
      code: 'SESSION_CLOSED',
      details: { isSignedOut: true },
      message: expect.stringContaining('another tab') as string,
    });
    expect(() => rootOf(other).set('a', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
    expect(await device.databases.names()).toEqual(['maia-device']);
  });

  test('save what must be kept before they end', async () => {
    const first = await device.signedUp();
    const other = await anotherTab(device);
    rootOf(other).set('theirs', 1);
    await first.signOut({ keepEncryptedData: true });
    const again = await device.signedIn();
    expect(rootOf(again).get('theirs')).toBe(1);
  });

  test('keep running if they have another account open', async () => {
    const ada = await device.signedUp();
    const ben = await device.signedUp({ anotherAccount: true });
    const closed = closedWith(ben);
    await ada.signOut({ discardUnsynced: true });
    expect(closed).not.toHaveBeenCalled();
    rootOf(ben).set('a', 1);
    await saved(ben);
    expect(await device.databases.names()).toEqual(['maia-device', contentOf(ben)].toSorted());
  });

  test('[ACC-26] end at once if they wait in `close` for a relay that they do not reach', async () => {
    const first = await device.signedUp();
    await saved(first);
    const after: Clock['after'] = (ms, run) => systemClock.after(ms === 2_000 ? 100 : ms, run);
    const waiting = await resume(
      { ...device.platform, clock: { ...systemClock, after } },
      { sync: { url: 'ws://127.0.0.1:9' } },
    );
    if (!waiting) throw new Error('the device remembers no account');
    rootOf(waiting).set('theirs', 1);
    const closing = waiting.close({ until: 'confirmed', timeoutMs: 600_000 });
    const ended = expect(closing).rejects.toMatchObject({
      code: 'SESSION_CLOSED',
      details: { isSignedOut: true },
    });
    expect((await refusalOf(first.signOut())).details.count).toBeGreaterThan(0);
    await first.signOut({ keepEncryptedData: true });
    await ended;
    expect(rootOf(await device.signedIn()).get('theirs')).toBe(1);
  });

  test('count as having changes if they do not answer, unless those changes are discarded', async () => {
    const session = await device.signedUp();
    await session.signOut({ discardUnsynced: true });
    // Shortens only the time that a tab has to answer.
    const after: Clock['after'] = (ms, run) => systemClock.after(ms < 4_000 ? ms : ms / 20, run);
    const hurried = { ...device.platform, clock: { ...systemClock, after } };
    const again = await signUp(hurried, { sync: false, anotherAccount: true });
    let release = () => {};
    const held = navigator.locks.request(
      `maia/tab/${again.accountID}/hung`,
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    await until(async () => expect((await navigator.locks.query()).held?.length).toBeGreaterThan(1));
    const { message } = await refusalOf(again.signOut({ keepEncryptedData: true }));
    expect(message).toMatch(/another tab/);
    await again.signOut({ discardUnsynced: true });
    release();
    await held;
    expect(await device.databases.names()).toEqual(['maia-device']);
  });
});

test('a page frozen during the sign-out ends its session when it resumes, and opens no other', async () => {
  const first = await device.signedUp();
  const away = await anotherTab(device);
  await first.close();
  const closed = closedWith(away);
  // A frozen page receives no messages.
  const deaf = { ...device.platform, openTabChannel: () => undefined };
  const signer = await resume(deaf, { sync: false });
  globalThis.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  await signer?.signOut({ discardUnsynced: true });
  expect(closed).not.toHaveBeenCalled();
  globalThis.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  await until(() => expect(closed).toHaveBeenCalled());
  expect(closed.mock.calls[0]?.[0]).toMatchObject({ details: { isSignedOut: true } });
  expect(activeSession.current).toBeUndefined();
  expect(await device.resumed()).toBeUndefined();
});
