import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { silentLogger } from '../base/logger.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createTestSessions, type TestSessions } from '../../test/support/session/test-sessions.ts';
import { leftForNext } from './passkeys/sign-up-passkey.ts';
import * as sessionPart from './load-session.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up/sign-up.ts';

vi.mock('./load-session.ts', { spy: true });
const loadSession = vi.mocked(sessionPart.loadSession);
const prepareSession = vi.mocked(sessionPart.prepareSession);
const notLoaded = createKernelError('KERNEL_NOT_LOADED', 'no network');

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(async () => {
  vi.resetAllMocks();
  await sessions.end();
});

it('a sign-up makes no passkey where what opens an account cannot be fetched', async () => {
  prepareSession.mockImplementationOnce(() => Promise.reject(notLoaded));
  await expect(signUp(sessions.device(), { sync: false })).rejects.toBe(notLoaded);
  expect(sessions.passkeys.ceremonies).toEqual([]);
});

it('a sign-up shows its prompt in time, however long that takes', async () => {
  const clock = createFakeClock();
  prepareSession.mockReturnValueOnce(new Promise(() => {}));
  const create = vi.spyOn(sessions.passkeys, 'create');
  const signingUp = signUp(sessions.device({ clock, passkeys: sessions.passkeys }), { sync: false });
  await vi.waitFor(() => expect(clock.waiting).toBeGreaterThan(0));
  clock.advance(1_999);
  await Promise.resolve();
  expect(create).not.toHaveBeenCalled();
  clock.advance(1);
  const session = await signingUp;
  sessions.onEnd(() => session.close());
  expect(create).toHaveBeenCalledOnce();
});

it('a sign-up tries once more for the sake of its passkey', async () => {
  const device = sessions.device();
  prepareSession.mockResolvedValueOnce(undefined);
  loadSession.mockRejectedValueOnce(notLoaded);
  const session = await signUp(device, { sync: false });
  sessions.onEnd(() => session.close());
  expect(sessions.passkeys.ceremonies).toHaveLength(1);
});

it('a sign-up that cannot go on says which passkey is left over, and nothing else of it', async () => {
  prepareSession.mockResolvedValueOnce(undefined);
  loadSession.mockRejectedValueOnce(notLoaded).mockRejectedValueOnce(notLoaded);
  const error: unknown = await signUp(sessions.device(), { name: 'Ada', sync: false }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'PASSKEY_ORPHANED', cause: notLoaded });
  expect(error).toHaveProperty('details', { credentialID: 'passkey-1', label: 'Ada' });
});

it('a passkey that is noted waits for the next sign-up, as a page that is left can fetch nothing', async () => {
  const platform = sessions.device();
  const signalUnknown = vi.spyOn(platform.passkeys, 'signalUnknown');
  const passkey = { credentialID: 'passkey-1', label: 'Ada' };
  const record = { v: 1, ...passkey, rpID: 'localhost', madeAtMs: 0, isUnfinished: true } as const;
  const forget = vi.fn(() => Promise.resolve());
  const get = () => Promise.resolve(record);
  const unfinished = { latest: get, get, note: () => Promise.resolve(), forget };
  const ceremony = { platform, rpID: 'localhost', signal: undefined, unfinished, logger: silentLogger };
  expect(await leftForNext(ceremony, passkey, notLoaded)).toMatchObject({
    code: 'PASSKEY_ORPHANED',
    cause: notLoaded,
  });
  expect([signalUnknown.mock.calls, forget.mock.calls]).toEqual([[], []]);
});

it('a sign-in asks for the passkey before anything is fetched, and goes on when that is there', async () => {
  const { accountID } = await sessions.signedUp();
  const { ceremonies } = sessions.passkeys;
  const before = ceremonies.length;
  prepareSession.mockReturnValueOnce(new Promise(() => {}));
  let come = () => {};
  const coming = new Promise<void>((resolve) => (come = resolve));
  loadSession.mockImplementationOnce(async () => {
    await coming;
    return sessionPart.sessionPart.load();
  });
  const signingIn = signIn(sessions.device(), { sync: { url: sessions.relay.url } });
  await vi.waitFor(() => expect(ceremonies).toHaveLength(before + 1));
  come();
  const session = await signingIn;
  sessions.onEnd(() => session.close());
  expect(session.accountID).toBe(accountID);
});
