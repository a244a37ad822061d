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

/** Simulates a crash: the tab ends without releasing its lease, and the browser releases its locks. */
async function crash({ sessionID }: SessionIDLease): Promise<void> {
  locks.rob(sessionLockName(sessionID));
  await expect.poll(() => locks.held).not.toContain(sessionLockName(sessionID));
}

describe('a session id', () => {
  test('is reused after a clean end, a hundred times', async () => {
    const seen = new Set<string>();
    for (let run = 0; run < 100; run++) {
      const lease = await leased();
      expect(lease.isReused).toBe(run > 0);
      seen.add(lease.sessionID);
      lease.release(true);
    }
    expect(seen.size).toBe(1);
  });

  test('[TABS-6] belongs to one tab only, even if tabs open at the same time', async () => {
    const leases = await Promise.all([leased(), leased(), leased()]);
    expect(new Set(leases.map(({ sessionID }) => sessionID)).size).toBe(3);
    leases[1]?.release(true);
    expect((await leased()).sessionID).toBe(leases[1]?.sessionID);
  });

  test.each<[string, (lease: SessionIDLease) => unknown]>([
    ['left something unsaved', (lease) => lease.release(false)],
    ['crashed', crash],
  ])('[TABS-7] is spent by a run that %s', async (_, end) => {
    const first = await leased();
    await end(first);
    const second = await leased();
    expect(second).toMatchObject({ isReused: false });
    expect(second.sessionID).not.toBe(first.sessionID);
    expect([...records.keys()]).toEqual([second.sessionID]);
  });

  test('is spent by a crash even if the mark of the previous run survives', async () => {
    const first = await leased();
    first.release(true);
    const second = await leased();
    cleanMarks.set(second.sessionID, 1);
    await crash(second);
    expect((await leased()).sessionID).not.toBe(second.sessionID);
  });

  test('is waited for while the page that held it is being left', async () => {
    const first = await leased();
    cleanMarks.set(first.sessionID, 1);
    const second = leased();
    await expect.poll(() => locks.waiting).toContain(sessionLockName(first.sessionID));
    first.release(true);
    expect((await second).sessionID).toBe(first.sessionID);
  });

  test('is waited for only as long as choosing may take', async () => {
    const first = await leased();
    cleanMarks.set(first.sessionID, 1);
    const release = new AbortController();
    const second = leased({ signal: release.signal });
    await expect.poll(() => locks.waiting).toContain(sessionLockName(first.sessionID));
    release.abort();
    expect((await second).sessionID).not.toBe(first.sessionID);
  });

  test('is spent if the device lost what was written under it', async () => {
    const first = await leased();
    first.release(true);
    expect((await leased({ hasContent: false })).sessionID).not.toBe(first.sessionID);
  });

  test('has its epoch on the disk before it is leased', async () => {
    const { sessionID, release } = await leased();
    expect(records.get(sessionID)?.epoch).toBe(1);
    release(true);
    await leased();
    expect(records.get(sessionID)?.epoch).toBe(2);
  });

  test('is released if its epoch cannot be written', async () => {
    inMemory.put = () => Promise.reject(new Error('disk full'));
    await expect(leased()).rejects.toThrow('disk full');
    expect(locks.held).toEqual([]);
  });

  test('does not wait forever for a tab that is choosing', async () => {
    void locks.request(`maia/session-ids/${accountID}`, {}, () => new Promise(() => {}));
    const release = new AbortController();
    const waiting = leased({ signal: release.signal });
    release.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});

describe('a released lease', () => {
  test('is taken back if no other tab had the ID meanwhile', async () => {
    const lease = await leased();
    lease.release(true);
    expect(lease.isHeld).toBe(false);
    expect(await lease.reclaim()).toBe(true);
    expect(lease.isHeld).toBe(true);
    expect((await leased()).sessionID).not.toBe(lease.sessionID);
  });

  test('remains with its holder if it was not released', async () => {
    const lease = await leased();
    expect(await lease.reclaim()).toBe(true);
    expect(records.get(lease.sessionID)?.epoch).toBe(1);
  });

  test('spends its ID if the tab crashes after taking it back', async () => {
    const lease = await leased();
    lease.release(true);
    await lease.reclaim();
    cleanMarks.set(lease.sessionID, 1);
    await crash(lease);
    expect((await leased()).sessionID).not.toBe(lease.sessionID);
  });

  test('stays lost while another tab has the ID, and afterwards', async () => {
    const lease = await leased();
    lease.release(true);
    const other = await leased();
    expect(other.sessionID).toBe(lease.sessionID);
    expect(await lease.reclaim()).toBe(false);
    other.release(true);
    await expect.poll(() => locks.held).toEqual([]);
    expect(await lease.reclaim()).toBe(false);
    expect(locks.held).toEqual([]);
  });

  test('stays lost if another tab spent the ID', async () => {
    const lease = await leased();
    lease.release(false);
    await leased();
    expect(await lease.reclaim()).toBe(false);
  });

  test('stays lost if the records cannot be read', async () => {
    const lease = await leased();
    lease.release(true);
    inMemory.get = () => Promise.reject(new Error('closed'));
    expect(await lease.reclaim()).toBe(false);
    expect(locks.held).toEqual([]);
  });

  test('reports once that it was stolen', async () => {
    const lease = await leased();
    let count = 0;
    lease.onStolen(() => count++);
    locks.rob(sessionLockName(lease.sessionID));
    await expect.poll(() => count).toBe(1);
    expect(lease.isHeld).toBe(false);
    lease.release(true);
    expect(cleanMarks.isSet(lease.sessionID, 1)).toBe(false);
  });
});
