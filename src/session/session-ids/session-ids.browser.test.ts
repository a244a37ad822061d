import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rootOf } from '../../../test/support/session/account-parts.ts';
import { failIndexedDB } from '../../../test/support/storage/failing-indexeddb.ts';
import { anotherTab, endAll } from '../../../test/support/session/sign-out-helpers.ts';
import { createTestDevice, type TestDevice } from '../../../test/support/session/test-device.ts';
import type { Platform } from '../../platform/platform.ts';
import { activeSession } from '../active-session.ts';
import { resume } from '../resume.ts';
import type { Session } from '../session.ts';
import type { SessionOptions } from '../session-options.ts';
import { signUp } from '../sign-up/sign-up.ts';
import { accountDatabase } from '../../storage/account-database.ts';
import { untilSaved } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';

// Sessions with Chromium's own Web Locks, IndexedDB and localStorage. Two sessions of one account in this
// page act as two tabs. Only the freeze events are simulated here; in `e2e/session-ids.long.spec.ts` the
// browser fires them.

let device: TestDevice;
beforeEach(() => {
  device = createTestDevice(indexedDB);
});
afterEach(async () => {
  await endAll(device);
  localStorage.clear();
});

const freeze = () => document.dispatchEvent(new Event('freeze'));
const unfreeze = () => document.dispatchEvent(new Event('resume'));
const idOf = ({ node }: Session) => node.currentSessionID;
/** Repeats an edit until the session accepts it. */
const untilWritable = (session: Session) => until(() => rootOf(session).set('tried', Date.now()));

describe('a session', () => {
  test('reuses its ID after each clean end, with an unbroken history', async () => {
    let session = await device.signedUp();
    const first = idOf(session);
    for (let run = 0; run < 5; run++) {
      rootOf(session).set(`run ${run}`, run);
      session = await device.reloaded();
      expect(idOf(session)).toBe(first);
    }
    expect(Object.keys(rootOf(session).toJSON())).toHaveLength(5);
    const [count] = Object.entries(rootOf(session).core.knownState().sessions).filter(([id]) => id === first);
    expect(count).toEqual([first, 5]);
  });

  test('has a different ID in each of several tabs', async () => {
    await device.signedUp();
    await device.closeAll();
    const tabs = await Promise.all(Array.from({ length: 3 }, () => anotherTab(device)));
    expect(new Set(tabs.map(idOf)).size).toBe(3);
  });

  test('keeps no ID if the browser cannot tell tabs apart', async () => {
    const { accountID } = await device.signedUp();
    await device.closeAll();
    await device.databases.delete(accountDatabase(accountID).name);
    const platform = { ...device.platform, locks: undefined };
    const ids = new Set<string>();
    for (let run = 0; run < 2; run++) {
      const session = await resume(platform, { sync: false });
      if (!session) throw new Error('the device remembers no account');
      ids.add(idOf(session));
      await session.close();
    }
    expect(ids.size).toBe(2);
    const kept = await device.databases.request(accountDatabase(accountID).name, 'session-ids', (ids) =>
      ids.getAll(),
    );
    expect(kept).toEqual([]);
  });

  test('uses a new ID, and leaves the stored ones unchanged, if a newer version wrote them', async () => {
    const { accountID } = await device.signedUp();
    await device.closeAll();
    await device.databases.delete(accountDatabase(accountID).name);
    await new Promise<void>((resolve) => {
      const request = indexedDB.open(accountDatabase(accountID).name, 99);
      request.addEventListener('success', () => resolve(request.result.close()));
    });
    const ids = [idOf(await device.reloaded()), idOf(await device.reloaded())];
    expect(new Set(ids).size).toBe(2);
    const { version } = (await indexedDB.databases()).find(
      ({ name }) => name === accountDatabase(accountID).name,
    ) ?? { version: 0 };
    expect(version).toBe(99);
  });

  test('[ACC-26] opens with a new ID if another page holds the stored ones', async () => {
    const { accountID, node } = await device.signedUp();
    await device.closeAll();
    const release = await device.databases.hold(accountDatabase(accountID).name, 'session-ids');
    try {
      expect(idOf(await device.reloaded())).not.toBe(node.currentSessionID);
    } finally {
      release();
    }
  });
});

describe('a frozen page', () => {
  test('[TABS-8] refuses edits, explains how long, and continues when it resumes', async () => {
    const session = await device.signedUp();
    const before = idOf(session);
    await untilSaved(session);
    freeze();
    const edit = () => rootOf(session).set('note', 1);
    expect(edit).toThrow(expect.objectContaining({ code: 'SESSION_TAKEN' }));
    expect(edit).toThrow(/replaced/);
    unfreeze();
    await untilWritable(session);
    expect(idOf(session)).toBe(before);
    expect(activeSession.current).toBe(session);
    // A reclaimed ID can still be released for the next run.
    expect(idOf(await device.reloaded())).toBe(before);
  });

  test.each<[string, Partial<Platform>, SessionOptions]>([
    ['the browser has no Web Locks', { locks: undefined }, {}],
    ['the browser has no localStorage', { marks: undefined }, {}],
    ['the device keeps nothing of the account', {}, { remember: 'never' }],
    ['no storage is wanted', {}, { storage: 'memory' }],
  ])(
    '[TABS-8] goes on under its own session ID if no other page can have it: %s',
    async (_, changes, options) => {
      const session = await signUp({ ...device.platform, ...changes }, { sync: false, ...options });
      freeze();
      unfreeze();
      await untilWritable(session);
      rootOf(session).set('after', 1);
      expect(activeSession.current).toBe(session);
      await session.close();
    },
  );

  test('gets another session if a tab continued its own', async () => {
    const session = await device.signedUp();
    rootOf(session).set('from', 'first');
    await untilSaved(session);
    freeze();
    const other = await anotherTab(device);
    expect(idOf(other)).toBe(idOf(session));
    rootOf(other).set('note', 'other');
    await untilSaved(other);

    const told: string[] = [];
    let next: Session | undefined;
    session.on('closed', (reason) => told.push(`closed ${reason?.code ?? ''}`));
    session.on('replaced', (by) => {
      told.push('replaced');
      next = by;
    });
    unfreeze();
    await until(() => expect(told).toEqual(['replaced', 'closed ']));
    if (!next) throw new Error('told without a session');
    expect(activeSession.current).toBe(next);
    expect(idOf(next)).not.toBe(idOf(session));
    expect(rootOf(next).toJSON()).toEqual({ from: 'first', note: 'other' });
    rootOf(next).set('note', 'next');
    expect(() => rootOf(session).set('note', 'late')).toThrow(
      expect.objectContaining({ code: 'SESSION_CLOSED' }),
    );
    rootOf(other).set('still', 'there');
  });

  test('loses no unsaved edit, because no other tab continues with its ID', async () => {
    const session = await device.signedUp();
    await untilSaved(session);
    rootOf(session).set('note', 'unsaved');
    freeze();
    const other = await anotherTab(device);
    expect(idOf(other)).not.toBe(idOf(session));
    const replaced = new Promise<Session>((resolve) => session.on('replaced', resolve));
    unfreeze();
    expect(rootOf(await replaced).get('note')).toBe('unsaved');
  });

  test('hands its unsaved edits to the session that replaces it', async () => {
    const session = await device.signedUp();
    await untilSaved(session);
    const writable = failIndexedDB(
      (name, mode) => mode === 'readwrite' && name === accountDatabase(session.accountID).name,
      new DOMException('There is no room.', 'QuotaExceededError'),
    );
    try {
      rootOf(session).set('note', 'unsaved');
      await until(() => expect(session.storage.current.state).toBe('failing'));
      freeze();
      const other = await resume(device.platform, { sync: false });
      if (other) rootOf(other).set('other', 1);
      await expect(other?.close()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      const replaced = new Promise<Session>((resolve) => session.on('replaced', resolve));
      unfreeze();
      const next = await replaced;
      expect(rootOf(next).get('note')).toBe('unsaved');
      writable();
      await next.close();
    } finally {
      writable();
    }
    expect(rootOf(await anotherTab(device)).get('note')).toBe('unsaved');
  });
});
