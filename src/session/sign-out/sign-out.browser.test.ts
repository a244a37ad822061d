import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import {
  anotherTab,
  closedWith,
  contentOf,
  countIn,
  endAll,
  refusalOf,
} from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { activeSession } from '../active-session.ts';
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

describe('signing out with changes that no relay has confirmed', () => {
  test('[ACC-16] is refused with the list of these changes, and changes nothing', async () => {
    const session = await device.signedUp();
    const root = rootOf(session);
    root.set('note', 'only here');
    const { details } = await refusalOf(session.signOut());
    expect(details.ids).toContain(root.id);
    expect(details.count).toBe(details.ids.length);
    root.set('note', 'still writable');
    await session.close();
    expect(rootOf(await anotherTab(device)).get('note')).toBe('still writable');
  });

  test('is refused if an earlier run left changes that this one has not loaded', async () => {
    const first = await device.signedUp();
    const map = first.node.createGroup().createMap({ a: 1 });
    await saved(first);
    const again = await device.reloaded();
    const { details } = await refusalOf(again.signOut());
    expect(details.ids).toContain(map.id);
  });

  test('is refused if a tab that is now closed left changes', async () => {
    const first = await device.signedUp();
    const other = await anotherTab(device);
    const map = other.node.createGroup().createMap({ a: 1 });
    rootOf(other).set('theirs', 1);
    await saved(other);
    await other.close();
    const { details } = await refusalOf(first.signOut());
    expect(details.ids).toContain(map.id);
    await until(() => expect(rootOf(first).get('theirs')).toBe(1));
  });

  test('is refused if another tab has changes, and leaves that tab open', async () => {
    const first = await device.signedUp();
    await saved(first);
    const other = await anotherTab(device);
    const map = other.node.createGroup().createMap({ a: 1 });
    const closed = closedWith(other);
    expect((await refusalOf(first.signOut())).details.ids).toContain(map.id);
    expect(closed).not.toHaveBeenCalled();
    map.set('a', 2);
  });

  test('succeeds with discardUnsynced, and keeps only the ID of the passkey', async () => {
    const session = await device.signedUp();
    const closed = closedWith(session);
    await session.signOut({ discardUnsynced: true });
    expect(closed.mock.calls).toEqual([[undefined]]);
    expect(activeSession.current).toBeUndefined();
    expect(await device.databases.names()).toEqual(['maia-device']);
    expect([
      await countIn(device, 'vaults'),
      await countIn(device, 'keyrings'),
      await countIn(device, 'credentials'),
    ]).toEqual([0, 0, 1]);
    expect(await device.resumed()).toBeUndefined();
    await expect(device.signedUp()).rejects.toMatchObject({ code: 'PASSKEY_ALREADY_HERE' });
  });

  test('[ACC-17] succeeds with keepEncryptedData, and the changes reach the relay after the next sign-in', async () => {
    const session = await device.signedUp();
    rootOf(session).set('note', 'kept');
    const map = session.node.createGroup().createMap({ a: 1 });
    await session.signOut({ keepEncryptedData: true });
    expect([await countIn(device, 'vaults'), await countIn(device, 'keyrings')]).toEqual([0, 1]);
    expect(await device.databases.names()).toContain(contentOf(session));
    expect(await device.resumed()).toBeUndefined();

    const again = await device.signedIn();
    expect(rootOf(again).get('note')).toBe('kept');
    expect((await refusalOf(again.signOut())).details.ids).toContain(map.id);
  });
});

test('works if the browser refuses to open the database', async () => {
  const open = () => {
    throw new DOMException('refused', 'SecurityError');
  };
  const refused = {
    ...device.platform,
    indexedDB: Object.assign(Object.create(indexedDB) as IDBFactory, { open }),
  };
  const session = await signUp(refused, { sync: false, storage: 'memory' });
  rootOf(session).set('a', 1);
  await refusalOf(session.signOut({ keepEncryptedData: true }));
  await session.signOut({ discardUnsynced: true });
  expect(activeSession.current).toBeUndefined();
});

test('a session that is not remembered leaves no trace, not even in a name', async () => {
  const channel = vi.spyOn(globalThis, 'BroadcastChannel');
  const locks = vi.spyOn(navigator.locks, 'request');
  const session = await device.signedUp({ remember: 'never' });
  await refusalOf(session.signOut({ keepEncryptedData: true }));
  await session.signOut({ discardUnsynced: true });
  const names = [...channel.mock.calls, ...locks.mock.calls].map(([name]) => name);
  expect(names.filter((name) => name.includes(session.accountID))).toEqual([]);
  expect(Object.keys(localStorage)).toEqual([]);
  expect(await device.databases.names()).toEqual([]);
  vi.restoreAllMocks();
});

test('[ACC-17] is not refused with `keepEncryptedData` for what refuses an earlier call', async () => {
  const session = await device.signedUp();
  const refused = refusalOf(session.signOut());
  await session.signOut({ keepEncryptedData: true });
  expect((await refused).details.count).toBeGreaterThan(0);
});

test('can be called twice, but not after the session was closed', async () => {
  const session = await device.signedUp();
  await Promise.all([session.signOut({ discardUnsynced: true }), session.signOut()]);
  await session.signOut();
  const another = await device.signedUp({ anotherAccount: true });
  await another.close();
  await expect(another.signOut()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
});
