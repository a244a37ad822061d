import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rootOf } from '../../testing/account-parts.ts';
import { createTestDevice, type TestDevice } from '../../testing/test-device.ts';
import { isKernelError } from '../../platform/kernel-error.ts';
import type { KernelError } from '../../platform/kernel-error.ts';
import { activeSession } from '../active-session.ts';
import { resume } from '../resume.ts';
import type { Session } from '../session.ts';
import { signUp } from '../sign-up.ts';

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  while (activeSession.current) await activeSession.current.close();
  await device.end();
  localStorage.clear();
});

const content = ({ accountID }: Session) => `maia-${accountID}`;
const count = (store: string) =>
  device.databases.request<number>('maia-device', store, (records) => records.count());
const saved = (session: Session) =>
  vi.waitFor(() => expect(session.sync.current.saved.pending).toBe(0), { timeout: 10_000 });

/** Like another tab's: there is a channel and a lock for each session. */
async function anotherTab(): Promise<Session> {
  const session = await device.resumed();
  if (!session) throw new Error('the device remembers nobody');
  return session;
}

function closedWith(session: Session) {
  const closed = vi.fn<(reason: KernelError | undefined) => void>();
  session.on('closed', closed);
  return closed;
}

async function refusal(signingOut: Promise<void>): Promise<KernelError<'UNSYNCED_CHANGES'>> {
  const error: unknown = await signingOut.catch((reason: unknown) => reason);
  if (!isKernelError(error, 'UNSYNCED_CHANGES')) throw new Error('It went through.', { cause: error });
  return error;
}

describe('signing out with changes that no relay has', () => {
  test('is refused with their list, and changes nothing', async () => {
    const session = await device.signedUp();
    const root = rootOf(session);
    root.set('note', 'only here');
    const { details } = await refusal(session.signOut());
    expect(details.ids).toContain(root.id);
    expect(details.count).toBe(details.ids.length);
    root.set('note', 'still writable');
    await session.close();
    expect(rootOf(await anotherTab()).get('note')).toBe('still writable');
  });

  test('is refused for what an earlier run left, which this one has not loaded', async () => {
    const first = await device.signedUp();
    const map = first.node.createGroup().createMap({ a: 1 });
    await saved(first);
    const again = await device.reloaded();
    const { details } = await refusal(again.signOut());
    expect(details.ids).toContain(map.id);
  });

  test('is refused for what a tab left that is closed meanwhile', async () => {
    const first = await device.signedUp();
    const other = await anotherTab();
    const map = other.node.createGroup().createMap({ a: 1 });
    rootOf(other).set('theirs', 1);
    await saved(other);
    await other.close();
    const { details } = await refusal(first.signOut());
    expect(details.ids).toContain(map.id);
    expect(first.node.getLoaded(map.id)?.toJSON()).toEqual({ a: 1 });
    expect(rootOf(first).get('theirs')).toBe(1);
  });

  test('is refused for what another tab has, which stays open', async () => {
    const first = await device.signedUp();
    await saved(first);
    const other = await anotherTab();
    const map = other.node.createGroup().createMap({ a: 1 });
    const closed = closedWith(other);
    expect((await refusal(first.signOut())).details.ids).toContain(map.id);
    expect(closed).not.toHaveBeenCalled();
    map.set('a', 2);
  });

  test('goes through with discardUnsynced, and leaves nothing but the passkey’s id', async () => {
    const session = await device.signedUp();
    const closed = closedWith(session);
    await session.signOut({ discardUnsynced: true });
    expect(closed.mock.calls).toEqual([[undefined]]);
    expect(activeSession.current).toBeUndefined();
    expect(await device.databases.names()).toEqual(['maia-device']);
    expect([await count('vaults'), await count('keyrings'), await count('credentials')]).toEqual([0, 0, 1]);
    expect(await device.resumed()).toBeUndefined();
    await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
  });

  test('goes through with keepEncryptedData: they are there after the next sign-in, and still go to the relay', async () => {
    const session = await device.signedUp();
    rootOf(session).set('note', 'kept');
    const map = session.node.createGroup().createMap({ a: 1 });
    await session.signOut({ keepEncryptedData: true });
    expect([await count('vaults'), await count('keyrings')]).toEqual([0, 1]);
    expect(await device.databases.names()).toContain(content(session));
    expect(await device.resumed()).toBeUndefined();

    const again = await device.signedIn();
    expect(rootOf(again).get('note')).toBe('kept');
    expect((await refusal(again.signOut())).details.ids).toContain(map.id);
  });
});

describe('the other tabs of the account', () => {
  test('end before the databases go, with a reason that says so', async () => {
    const first = await device.signedUp();
    const other = await anotherTab();
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

  test('save first what is to be kept', async () => {
    const first = await device.signedUp();
    const other = await anotherTab();
    rootOf(other).set('theirs', 1);
    await first.signOut({ keepEncryptedData: true });
    const again = await device.signedIn();
    expect(rootOf(again).get('theirs')).toBe(1);
  });

  test('of another account stay', async () => {
    const ada = await device.signedUp();
    const ben = await device.signedUp({ anotherAccount: true });
    const closed = closedWith(ben);
    await ada.signOut({ discardUnsynced: true });
    expect(closed).not.toHaveBeenCalled();
    rootOf(ben).set('a', 1);
    await saved(ben);
    expect(await device.databases.names()).toEqual(['maia-device', content(ben)].toSorted());
  });

  test('that do not answer may have changes, unless these are given up', async () => {
    const session = await device.signedUp();
    await session.signOut({ discardUnsynced: true });
    const again = await device.signedUp({ anotherAccount: true });
    let letGo = () => {};
    const held = navigator.locks.request(
      `maia/tab/${again.accountID}/hung`,
      () => new Promise<void>((resolve) => (letGo = resolve)),
    );
    await vi.waitFor(async () => expect((await navigator.locks.query()).held?.length).toBeGreaterThan(1));
    const { message } = await refusal(again.signOut({ keepEncryptedData: true }));
    expect(message).toMatch(/another tab/);
    await again.signOut({ discardUnsynced: true });
    letGo();
    await held;
    expect(await device.databases.names()).toEqual(['maia-device']);
  });
});

test('a page that was set aside during the sign-out ends when it is back, and opens nothing again', async () => {
  const first = await device.signedUp();
  const away = await anotherTab();
  await first.close();
  const closed = closedWith(away);
  // As if it had been frozen: it hears nothing.
  const deaf = { ...device.platform, openTabChannel: () => undefined };
  const signer = await resume(deaf, { sync: false });
  globalThis.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  await signer?.signOut({ discardUnsynced: true });
  expect(closed).not.toHaveBeenCalled();
  globalThis.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  await vi.waitFor(() => expect(closed).toHaveBeenCalled(), { timeout: 10_000 });
  expect(closed.mock.calls[0]?.[0]).toMatchObject({ details: { isSignedOut: true } });
  expect(activeSession.current).toBeUndefined();
  expect(await device.resumed()).toBeUndefined();
});

describe('a sign-out that is interrupted', () => {
  /** As when another tab holds on to a database, or this one ends at this moment. */
  function cannotDelete(): IDBFactory {
    const deleteDatabase = () => {
      throw new DOMException('broken', 'UnknownError');
    };
    return Object.assign(Object.create(indexedDB) as IDBFactory, {
      open: (...args: Parameters<IDBFactory['open']>) => indexedDB.open(...args),
      deleteDatabase,
    });
  }

  test('after the vault went is signed out, and the next start deletes the rest', async () => {
    await (await device.signedUp()).close();
    const warn = vi.fn();
    const session = await resume(
      { ...device.platform, indexedDB: cannotDelete() },
      { sync: false, logger: { debug: () => {}, warn } },
    );
    if (!session) throw new Error('nobody');
    await session.signOut({ discardUnsynced: true });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('next start'), expect.anything());
    expect(await count('vaults')).toBe(0);
    expect(await device.databases.names()).toContain(content(session));

    expect(await device.resumed()).toBeUndefined();
    expect(await device.databases.names()).toEqual(['maia-device']);
    expect(await count('credentials')).toBe(1);
  });

  test('and signed in again meanwhile keeps what is written since', async () => {
    await (await device.signedUp()).close();
    const broken = { ...device.platform, indexedDB: cannotDelete() };
    const session = await resume(broken, { sync: false });
    if (!session) throw new Error('nobody');
    await session.signOut({ keepEncryptedData: true });
    const again = await device.signedIn();
    await device.databases.request('maia-device', 'credentials', (store) =>
      store.put({
        credentialID: `removal/${again.accountID}`,
        v: 1,
        accountID: again.accountID,
        isRemoval: true,
      }),
    );
    rootOf(again).set('since', 1);
    expect(rootOf(await device.reloaded()).get('since')).toBe(1);
    expect(await count('credentials')).toBe(1);
  });

  test('before the vault went leaves the account signed in, and its session open', async () => {
    await (await device.signedUp()).close();
    let isBroken = false;
    const failing = Object.assign(Object.create(indexedDB) as IDBFactory, {
      deleteDatabase: (name: string) => indexedDB.deleteDatabase(name),
      open(...args: Parameters<IDBFactory['open']>) {
        if (isBroken && args[0] === 'maia-device') throw new DOMException('broken', 'UnknownError');
        return indexedDB.open(...args);
      },
    });
    const session = await resume({ ...device.platform, indexedDB: failing }, { sync: false });
    if (!session) throw new Error('nobody');
    isBroken = true;
    await expect(session.signOut({ discardUnsynced: true })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
    rootOf(session).set('a', 1);
    isBroken = false;
    await session.signOut({ discardUnsynced: true });
    expect(await device.resumed()).toBeUndefined();
  });
});

test('works where the browser refuses its database', async () => {
  const open = () => {
    throw new DOMException('refused', 'SecurityError');
  };
  const refused = {
    ...device.platform,
    indexedDB: Object.assign(Object.create(indexedDB) as IDBFactory, { open }),
  };
  const session = await signUp(refused, { sync: false, storage: 'memory' });
  rootOf(session).set('a', 1);
  await refusal(session.signOut({ keepEncryptedData: true }));
  await session.signOut({ discardUnsynced: true });
  expect(activeSession.current).toBeUndefined();
});

test('a session that keeps nothing leaves nothing, in no name either', async () => {
  const channel = vi.spyOn(globalThis, 'BroadcastChannel');
  const locks = vi.spyOn(navigator.locks, 'request');
  const session = await device.signedUp({ remember: 'never' });
  await refusal(session.signOut({ keepEncryptedData: true }));
  await session.signOut({ discardUnsynced: true });
  const names = [...channel.mock.calls, ...locks.mock.calls].map(([name]) => name);
  expect(names.filter((name) => name.includes(session.accountID))).toEqual([]);
  expect(Object.keys(localStorage)).toEqual([]);
  expect(await device.databases.names()).toEqual([]);
  vi.restoreAllMocks();
});

test('can be asked twice, and not after the session was closed', async () => {
  const session = await device.signedUp();
  await Promise.all([session.signOut({ discardUnsynced: true }), session.signOut()]);
  await session.signOut();
  const another = await device.signedUp({ anotherAccount: true });
  await another.close();
  await expect(another.signOut()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
});
