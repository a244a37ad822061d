import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import {
  closedWith,
  contentOf,
  countIn,
  endAll,
  refusalOf,
} from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { systemClock } from '../../base/clock.ts';
import type { Platform } from '../../platform/platform.ts';
import { resume } from '../resume.ts';
import type { Session } from '../session.ts';
import { until } from '../../../test/support/until.ts';

let device: TestDevice;
let release: () => void;
beforeEach(() => {
  release = () => {};
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  release();
  await endAll(device);
  localStorage.clear();
});

/** A tab that waits a twentieth of the time for other tabs and for storage. */
async function signer(changes: Partial<Platform> = {}): Promise<Session> {
  const after = (ms: number, run: () => void) => systemClock.after(ms / 20, run);
  const platform = { ...device.platform, clock: { ...systemClock, after }, ...changes };
  const session = await resume(platform, { sync: false });
  if (!session) throw new Error('the device remembers no account');
  await untilSaved(session);
  return session;
}

/** Calls back before a message to the other tabs, which is dropped if the callback returns false. */
function posting(before: (type: unknown) => boolean | void): Partial<Platform> {
  return {
    openTabChannel(name, received) {
      const channel = device.platform.openTabChannel(name, received);
      if (!channel || !name.startsWith('maia/session/')) return channel;
      const post = (message: object) => {
        if (before((message as { readonly type?: unknown }).type) !== false) channel.post(message);
      };
      return { ...channel, post };
    },
  };
}

/** The device’s record of accounts cannot be opened from `breakNow` on. */
function breakable(refused: () => void = () => {}) {
  let isBroken = false;
  const failing = Object.assign(Object.create(indexedDB) as IDBFactory, {
    deleteDatabase: (name: string) => indexedDB.deleteDatabase(name),
    open(...args: Parameters<IDBFactory['open']>) {
      if (!isBroken || args[0] !== 'maia-device') return indexedDB.open(...args);
      refused();
      throw new DOMException('broken', 'UnknownError');
    },
  });
  return { changes: { indexedDB: failing }, breakNow: () => (isBroken = true) };
}

/** It accepts edits again when it has noticed that the sign-out is over. */
async function expectOpen(session: Session, closed: ReturnType<typeof closedWith>): Promise<void> {
  await until(() => rootOf(session).set('later', 1));
  expect(closed).not.toHaveBeenCalled();
  await untilSaved(session);
}

describe('[ACC-16] a refused sign-out leaves another tab open', () => {
  test('that made an edit after it was asked, which is not lost', async () => {
    const other = await device.signedUp();
    await untilSaved(other);
    const closed = closedWith(other);
    const edit = vi.fn(() => rootOf(other).set('theirs', 1));
    const session = await signer(posting((type) => void (type !== 'ask' && edit())));
    release = await device.databases.hold(contentOf(other), 'segments');
    await refusalOf(session.signOut({ keepEncryptedData: true }));
    expect(edit).toHaveBeenCalledOnce();
    release();
    await expectOpen(other, closed);
    rootOf(session).set('here', 1);
    expect(await countIn(device, 'vaults')).toBe(1);
    await session.close();
    expect(rootOf(await device.reloaded()).get('theirs')).toBe(1);
  });

  test('if the record of accounts cannot be written, and that tab accepted no edits meanwhile', async () => {
    const other = await device.signedUp();
    await untilSaved(other);
    const closed = closedWith(other);
    const refused = vi.fn(() =>
      expect(() => rootOf(other).set('now', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' })),
    );
    const { changes, breakNow } = breakable(refused);
    const session = await signer(changes);
    breakNow();
    const signingOut = session.signOut({ discardUnsynced: true });
    await expect(signingOut).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(refused).toHaveReturned();
    await expectOpen(other, closed);
    expect(await countIn(device, 'vaults')).toBe(1);
  });
});

test('[ACC-25] a tab that was not told of a sign-out ends once the other tab has ended', async () => {
  const other = await device.signedUp();
  await untilSaved(other);
  const closed = closedWith(other);
  const session = await signer(posting((type) => type !== 'end'));
  await session.signOut({ discardUnsynced: true });
  await until(() => expect(closed).toHaveBeenCalledOnce());
  expect(closed.mock.calls[0]?.[0]).toMatchObject({ details: { isSignedOut: true } });
  expect(() => rootOf(other).set('late', 1)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
});
