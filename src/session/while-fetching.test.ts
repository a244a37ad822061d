import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createTestSessions, type TestSessions } from '../../test/support/session/test-sessions.ts';
import * as sessionModule from './load-session.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up/sign-up.ts';
import { until } from '../../test/support/until.ts';

vi.mock('./load-session.ts', { spy: true });
const loadSession = vi.mocked(sessionModule.loadSession);
const prepareSession = vi.mocked(sessionModule.prepareSession);
const notLoaded = createKernelError('KERNEL_NOT_LOADED', 'no network');

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(async () => {
  vi.resetAllMocks();
  await sessions.end();
});

it('a sign-up creates no passkey if the code cannot be fetched', async () => {
  prepareSession.mockImplementationOnce(() => Promise.reject(notLoaded));
  await expect(signUp(sessions.device(), { sync: false })).rejects.toBe(notLoaded);
  expect(sessions.passkeys.ceremonies).toEqual([]);
});

it('a sign-up shows its prompt in time, however long fetching takes', async () => {
  const clock = createFakeClock();
  prepareSession.mockReturnValueOnce(new Promise(() => {}));
  const create = vi.spyOn(sessions.passkeys, 'create');
  const signingUp = signUp(sessions.device({ clock, passkeys: sessions.passkeys }), { sync: false });
  await until(() => expect(clock.waiting).toBeGreaterThan(0));
  clock.advance(1_999);
  await Promise.resolve();
  expect(create).not.toHaveBeenCalled();
  clock.advance(1);
  const session = await signingUp;
  sessions.onEnd(() => session.close());
  expect(create).toHaveBeenCalledOnce();
});

it('a sign-up retries once, because a passkey exists', async () => {
  const device = sessions.device();
  prepareSession.mockResolvedValueOnce(undefined);
  loadSession.mockRejectedValueOnce(notLoaded);
  const session = await signUp(device, { sync: false });
  sessions.onEnd(() => session.close());
  expect(sessions.passkeys.ceremonies).toHaveLength(1);
});

it('a sign-up that cannot continue names the leftover passkey and nothing else of it, and the next one continues with it', async () => {
  prepareSession.mockResolvedValueOnce(undefined);
  loadSession.mockRejectedValueOnce(notLoaded).mockRejectedValueOnce(notLoaded);
  const error: unknown = await signUp(sessions.device(), { name: 'Ada', sync: false }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'PASSKEY_ORPHANED', cause: notLoaded });
  expect(error).toHaveProperty('details', { credentialID: 'passkey-1', label: 'Ada' });
  expect(sessions.passkeys.signalled).toEqual([]);
  await sessions.signedUp({ sync: false });
  expect(sessions.passkeys.ceremonies).toMatchObject([{}, { allowCredentialIDs: ['passkey-1'] }]);
});

it('a sign-in prompts before anything is fetched, and continues once the code is there', async () => {
  const { accountID } = await sessions.signedUp();
  const { ceremonies } = sessions.passkeys;
  const before = ceremonies.length;
  prepareSession.mockReturnValueOnce(new Promise(() => {}));
  let come = () => {};
  const coming = new Promise<void>((resolve) => (come = resolve));
  loadSession.mockImplementationOnce(async () => {
    await coming;
    return sessionModule.sessionModule.load();
  });
  const signingIn = signIn(sessions.device(), { sync: { url: sessions.relay.url } });
  await until(() => expect(ceremonies).toHaveLength(before + 1));
  come();
  const session = await signingIn;
  sessions.onEnd(() => session.close());
  expect(session.accountID).toBe(accountID);
});
