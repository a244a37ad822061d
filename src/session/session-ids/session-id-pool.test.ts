import type { SessionID } from 'cojson';
import { beforeEach, describe, expect, test } from 'vitest';
import { createFakeLocks, type FakeLocks } from '../../../test/support/platform/fake-locks.ts';
import { createFakeMarks } from '../../../test/support/platform/fake-marks.ts';
import { createCleanMarks, type CleanMarks } from './clean-marks.ts';
import { sessionLockName, type SessionIDLease } from './session-id-lease.ts';
import { leaseSessionID } from './session-id-pool.ts';
import type { SessionIDRecord, SessionIDRecords } from './session-id-records.ts';

const accountID = 'co_zAccount';
let locks: FakeLocks;
let cleanMarks: CleanMarks;
let records: Map<SessionID, SessionIDRecord>;
let inMemory: ReturnType<typeof createRecordsInMemory>;
let made: number;
beforeEach(() => {
  locks = createFakeLocks();
  cleanMarks = createCleanMarks(createFakeMarks());
  records = new Map();
  inMemory = createRecordsInMemory();
  made = 0;
});

function createRecordsInMemory() {
  return {
    all: () => Promise.resolve([...records.values()]),
    get: (sessionID: SessionID) => Promise.resolve(records.get(sessionID)),
    put: (record: SessionIDRecord) => Promise.resolve(void records.set(record.sessionID, record)),
    delete: (sessionID: SessionID) => Promise.resolve(void records.delete(sessionID)),
  } satisfies SessionIDRecords;
}

function leased(changes: { readonly hasContent?: boolean; readonly signal?: AbortSignal } = {}) {
  const { hasContent = true, signal = new AbortController().signal } = changes;
  return leaseSessionID({
    locks,
    records: inMemory,
    cleanMarks,
    accountID,
    newSessionID: () => `${accountID}_session_z${++made}` as SessionID,
    hasContent: Promise.resolve(hasContent),
    signal,
  });
}

/** The tab is gone with no last word; the browser lets go of its locks. */
async function crash({ sessionID }: SessionIDLease): Promise<void> {
  locks.rob(sessionLockName(sessionID));
  await expect.poll(() => locks.held).not.toContain(sessionLockName(sessionID));
}

describe('a session id', () => {
  test('is used again after a clean end, a hundred times', async () => {
    const seen = new Set<string>();
    for (let run = 0; run < 100; run++) {
      const lease = await leased();
      expect(lease.isReused).toBe(run > 0);
      seen.add(lease.sessionID);
      lease.letGo(true);
    }
    expect(seen.size).toBe(1);
  });

  test('is one tab’s alone, also of tabs that open at once', async () => {
    const leases = await Promise.all([leased(), leased(), leased()]);
    expect(new Set(leases.map(({ sessionID }) => sessionID)).size).toBe(3);
    leases[1]?.letGo(true);
    expect((await leased()).sessionID).toBe(leases[1]?.sessionID);
  });

  test.each<[string, (lease: SessionIDLease) => unknown]>([
    ['left something unsaved', (lease) => lease.letGo(false)],
    ['crashed', crash],
  ])('is spent by a run that %s', async (_, end) => {
    const first = await leased();
    await end(first);
    const second = await leased();
    expect(second).toMatchObject({ isReused: false });
    expect(second.sessionID).not.toBe(first.sessionID);
    expect([...records.keys()]).toEqual([second.sessionID]);
  });

  test('is spent by a crash although the mark of the run before outlived it', async () => {
    const first = await leased();
    first.letGo(true);
    const second = await leased();
    cleanMarks.set(second.sessionID, 1);
    await crash(second);
    expect((await leased()).sessionID).not.toBe(second.sessionID);
  });

  test('is waited for while the page that it was for is being left', async () => {
    const first = await leased();
    cleanMarks.set(first.sessionID, 1);
    const second = leased();
    await expect.poll(() => locks.waiting).toContain(sessionLockName(first.sessionID));
    first.letGo(true);
    expect((await second).sessionID).toBe(first.sessionID);
  });

  test('is not waited for longer than choosing may take', async () => {
    const first = await leased();
    cleanMarks.set(first.sessionID, 1);
    const giveUp = new AbortController();
    const second = leased({ signal: giveUp.signal });
    await expect.poll(() => locks.waiting).toContain(sessionLockName(first.sessionID));
    giveUp.abort();
    expect((await second).sessionID).not.toBe(first.sessionID);
  });

  test('is spent where the device has lost what was written under it', async () => {
    const first = await leased();
    first.letGo(true);
    expect((await leased({ hasContent: false })).sessionID).not.toBe(first.sessionID);
  });

  test('has its epoch on the disk before it is given', async () => {
    const { sessionID, letGo } = await leased();
    expect(records.get(sessionID)?.epoch).toBe(1);
    letGo(true);
    await leased();
    expect(records.get(sessionID)?.epoch).toBe(2);
  });

  test('is let go where its epoch cannot be written', async () => {
    inMemory.put = () => Promise.reject(new Error('disk full'));
    await expect(leased()).rejects.toThrow('disk full');
    expect(locks.held).toEqual([]);
  });

  test('does not wait for ever for a tab that is choosing', async () => {
    void locks.request(`maia/session-ids/${accountID}`, {}, () => new Promise(() => {}));
    const giveUp = new AbortController();
    const waiting = leased({ signal: giveUp.signal });
    giveUp.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});

describe('a lease that was let go', () => {
  test('is taken back where nobody had the id meanwhile', async () => {
    const lease = await leased();
    lease.letGo(true);
    expect(lease.isHeld).toBe(false);
    expect(await lease.takeBack()).toBe(true);
    expect(lease.isHeld).toBe(true);
    expect((await leased()).sessionID).not.toBe(lease.sessionID);
  });

  test('is its holder’s all the same where it was not let go', async () => {
    const lease = await leased();
    expect(await lease.takeBack()).toBe(true);
    expect(records.get(lease.sessionID)?.epoch).toBe(1);
  });

  test('spends its id in a crash after it was taken back', async () => {
    const lease = await leased();
    lease.letGo(true);
    await lease.takeBack();
    cleanMarks.set(lease.sessionID, 1);
    await crash(lease);
    expect((await leased()).sessionID).not.toBe(lease.sessionID);
  });

  test('stays lost while another has the id, and after', async () => {
    const lease = await leased();
    lease.letGo(true);
    const other = await leased();
    expect(other.sessionID).toBe(lease.sessionID);
    expect(await lease.takeBack()).toBe(false);
    other.letGo(true);
    await expect.poll(() => locks.held).toEqual([]);
    expect(await lease.takeBack()).toBe(false);
    expect(locks.held).toEqual([]);
  });

  test('stays lost where another has spent the id', async () => {
    const lease = await leased();
    lease.letGo(false);
    await leased();
    expect(await lease.takeBack()).toBe(false);
  });

  test('stays lost where the records cannot be read', async () => {
    const lease = await leased();
    lease.letGo(true);
    inMemory.get = () => Promise.reject(new Error('closed'));
    expect(await lease.takeBack()).toBe(false);
    expect(locks.held).toEqual([]);
  });

  test('says when it was robbed, and is taken from nobody twice', async () => {
    const lease = await leased();
    let count = 0;
    lease.onRobbed(() => count++);
    locks.rob(sessionLockName(lease.sessionID));
    await expect.poll(() => count).toBe(1);
    expect(lease.isHeld).toBe(false);
    lease.letGo(true);
    expect(cleanMarks.isSet(lease.sessionID, 1)).toBe(false);
  });
});
