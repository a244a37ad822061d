import type { LocalNode, RawCoMap } from 'cojson';
import { beforeEach, expect, test } from 'vitest';
import { inspectionOf, type SyncInspection, type UnsyncedCoValue } from '../../sync/inspection.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync, fakePeerID } from '../../../test/support/sync/fake-sync.ts';
import type { Evidence } from './reason.ts';
import type { Relay, UnsyncedRow } from '../snapshot.ts';
import { createQuarrels } from '../quarrels.ts';
import { createUnsyncedRows } from './unsynced-rows.ts';

const relay: Relay = {
  id: fakePeerID,
  host: 'relay.example',
  url: 'wss://relay.example/sync',
  phase: 'connected',
  phaseSinceMs: 0,
  roundTripMs: 30,
};
const connected: Evidence = { status: 'syncing', relays: [relay], queuesByRelayID: new Map() };

let node: LocalNode;
let maps: readonly RawCoMap[];
let edits: readonly UnsyncedCoValue[];
let inspection: SyncInspection;

const looksInTime = 64;

/** Four milliseconds are enough for so many looks. */
function createRows() {
  let looks = 0;
  return createUnsyncedRows(
    inspection,
    createQuarrels(inspection).of,
    () => (4 * looks++) / (looksInTime + 1),
  );
}

beforeEach(async () => {
  node = await createAccountNode();
  const group = node.createGroup();
  maps = Array.from({ length: 1_200 }, () => group.createMap());
  edits = maps.map(({ id }, index) => ({
    ...{ id, sinceMs: index, saved: 'reached', sent: 'reached', confirmed: 'pending', durable: 'pending' },
    missingAtPeerIDs: [fakePeerID],
  }));
  const sync = createFakeSync(node, 0);
  const found = inspectionOf(sync);
  if (!found) throw new Error('a fake is inspected like a real one');
  inspection = { ...found, unsynced: () => edits };
});

test('rows of which nothing is new stay, also after a new round trip', () => {
  const rows = createRows();
  const before = rows.read(connected);
  expect(before).toHaveLength(1_200);
  expect(rows.read({ ...connected, relays: [{ ...relay, roundTripMs: 55 }] })).toBe(before);
});

test('what is new of one is one new row', () => {
  const rows = createRows();
  const before = rows.read(connected);
  edits = edits.map((edit, index) => (index === 900 ? { ...edit, confirmed: 'reached' } : edit));
  const after = rows.read(connected);
  expect(after.filter((row, index) => row !== before[index])).toHaveLength(1);
  expect(after[900]?.steps.confirmed).toBe('reached');
});

test('what becomes of a relay is new to all of them at once', () => {
  const rows = createRows();
  rows.read(connected);
  const after = rows.read({ ...connected, relays: [{ ...relay, phase: 'offline' }] });
  expect(new Set(after.map(({ reason }) => reason.kind))).toEqual(new Set(['offline']));
});

test('a size is of all that was written, and absent where it is not loaded', () => {
  const rows = createRows();
  edits = edits.map((edit, index) => (index === 1 ? { ...edit, id: 'co_zNotLoaded' } : edit));
  maps[0]?.set('title', 'x'.repeat(5_000), 'private');
  const [written, unloaded, empty] = rows.read(connected);
  expect(written?.bytes).toBeGreaterThan(5_000);
  expect(written?.bytes).toBeLessThan(10_000);
  expect(unloaded).toMatchObject({ kind: 'unknown' });
  expect(unloaded?.bytes).toBeUndefined();
  expect(empty?.bytes).toBe(0);
  maps[0]?.set('title', 'y'.repeat(5_000), 'private');
  const before = written?.bytes ?? 0;
  expect(rows.read(connected)[0]?.bytes).toBeGreaterThan(before + 5_000);
});

test('a name that somebody changes comes with the next read', () => {
  const rows = createRows();
  rows.read(connected);
  maps[1_100]?.set('title', 'Crew list', 'private');
  expect(rows.read(connected)[1_100]?.name).toBe('Crew list');
});

test('a short read looks at some of them anew, and the next ones at the rest', () => {
  const rows = createRows();
  rows.read(connected);
  maps[1_100]?.set('title', 'Crew list', 'private');
  let reads = 1;
  while (rows.read(connected, true)[1_100]?.name !== 'Crew list' && reads < 20) reads++;
  expect(reads).toBeGreaterThan(1);
  expect(reads).toBeLessThanOrEqual(12);
});

test('of many that are new at once a short read names the oldest, and the next ones the rest', () => {
  for (const map of maps) map.set('title', 'Crew list', 'private');
  const rows = createRows();
  const named = (read: readonly UnsyncedRow[]) => read.map(({ name }) => name !== undefined);
  const first = named(rows.read(connected, true));
  expect(first.filter(Boolean)).toHaveLength(looksInTime);
  expect(first.lastIndexOf(true)).toBe(looksInTime - 1);
  let reads = 1;
  while (!named(rows.read(connected, true)).every(Boolean) && reads < 40) reads++;
  expect(reads + 1).toBe(Math.ceil(1_200 / looksInTime));
  expect(named(createRows().read(connected))).toEqual(maps.map(() => true));
});
