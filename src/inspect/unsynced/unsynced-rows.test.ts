import type { LocalNode, RawCoID, RawCoMap } from 'cojson';
import { beforeEach, expect, test } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeSync, fakePeerID } from '../../../test/support/sync/fake-sync.ts';
import { inspectionOf, type SyncInspection, type UnsyncedCoValue } from '../../sync/inspection.ts';
import { createSizes } from '../covalue/covalue-size.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';
import type { Evidence } from './reason.ts';
import { createRelayDisputes, type RelayDisputes } from './relay-disputes.ts';
import { createUnsyncedRows } from './unsynced-rows.ts';

const relay: Relay = {
  id: fakePeerID,
  host: 'relay.example',
  url: 'wss://relay.example/sync',
  phase: 'connected',
  phaseSinceMs: 0,
  roundTripMs: 30,
};
const connected: Evidence = { status: 'syncing', relays: [relay], queuesByRelayID: new Map(), nowMs: 0 };

let node: LocalNode;
let maps: readonly RawCoMap[];
let edits: readonly UnsyncedCoValue[];
let inspection: SyncInspection;
let disputes: RelayDisputes;

const readsInTime = 64;

/** The stopwatch allows this many content reads within the four milliseconds of a short read. */
function createRows() {
  let stopwatchReads = 0;
  return createUnsyncedRows({
    inspection,
    disputesOf: disputes.of,
    sizeOf: createSizes().whole,
    stopwatchMs: () => (4 * stopwatchReads++) / (readsInTime + 1),
  });
}

beforeEach(async () => {
  node = await createAccountNode();
  disputes = createRelayDisputes({ node }, 0);
  const group = node.createGroup();
  maps = Array.from({ length: 1_200 }, () => group.createMap());
  edits = maps.map(({ id }, index) => ({
    ...{ id, sinceMs: index, saved: 'reached', sent: 'reached', confirmed: 'pending', durable: 'pending' },
    missingAtPeerIDs: [fakePeerID],
  }));
  const sync = createFakeSync(node, 0);
  const found = inspectionOf(sync);
  if (!found) throw new Error('The fake sync has no inspection.');
  inspection = { ...found, unsynced: () => edits };
});

test('returns the same list if nothing but a round trip changed', () => {
  const rows = createRows();
  const before = rows.read(connected);
  expect(before).toHaveLength(1_200);
  expect(rows.read({ ...connected, relays: [{ ...relay, roundTripMs: 55 }] })).toBe(before);
});

test('replaces one row if one CoValue changed', () => {
  const rows = createRows();
  const before = rows.read(connected);
  edits = edits.map((edit, index) => (index === 900 ? { ...edit, confirmed: 'reached' } : edit));
  const after = rows.read(connected);
  expect(after.filter((row, index) => row !== before[index])).toHaveLength(1);
  expect(after[900]?.steps.confirmed).toBe('reached');
});

test('applies a change of a relay to all rows at once', () => {
  const rows = createRows();
  rows.read(connected);
  const after = rows.read({ ...connected, relays: [{ ...relay, phase: 'offline' }] });
  expect(new Set(after.map(({ reason }) => reason.kind))).toEqual(new Set(['offline']));
});

test('counts the bytes of all transactions, and gives no size for a CoValue that is not loaded', () => {
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

test('shows a new name with the next read', () => {
  const rows = createRows();
  rows.read(connected);
  maps[1_100]?.set('title', 'Crew list', 'private');
  expect(rows.read(connected)[1_100]?.name).toBe('Crew list');
});

test('rereads some unchanged rows in a short read, and the rest in later ones', () => {
  const rows = createRows();
  rows.read(connected);
  maps[1_100]?.set('title', 'Crew list', 'private');
  let reads = 1;
  while (rows.read(connected, true)[1_100]?.name !== 'Crew list' && reads < 20) reads++;
  expect(reads).toBeGreaterThan(1);
  expect(reads).toBeLessThanOrEqual(12);
});

test('names the oldest of many new rows in the first short read, and the rest in later ones', () => {
  for (const map of maps) map.set('title', 'Crew list', 'private');
  const rows = createRows();
  const named = (read: readonly UnsyncedRow[]) => read.map(({ name }) => name !== undefined);
  const first = named(rows.read(connected, true));
  expect(first.filter(Boolean)).toHaveLength(readsInTime);
  expect(first.lastIndexOf(true)).toBe(readsInTime - 1);
  let reads = 1;
  while (!named(rows.read(connected, true)).every(Boolean) && reads < 40) reads++;
  expect(reads + 1).toBe(Math.ceil(1_200 / readsInTime));
  expect(named(createRows().read(connected))).toEqual(maps.map(() => true));
});

test('names the relay once it has not answered for a long time, even if nothing else has changed', () => {
  edits = edits.map((edit) => ({ ...edit, sinceMs: 0, sent: 'pending' }));
  const rows = createRows();
  const kindsAt = (nowMs: number) =>
    new Set(rows.read({ ...connected, nowMs }, true).map(({ reason }) => reason.kind));
  expect(kindsAt(1_000)).toEqual(new Set(['sending']));
  expect(kindsAt(6_000)).toEqual(new Set(['unanswered']));
  const settled = rows.read({ ...connected, nowMs: 7_000 });
  expect(rows.read({ ...connected, nowMs: 8_000 })).toBe(settled);
});

test('does not call a relay silent once it has answered, even if nothing else has changed', () => {
  edits = edits.slice(0, 400).map((edit) => ({ ...edit, sinceMs: 0, sent: 'pending' }));
  const rows = createRows();
  const kindsAt = (nowMs: number) =>
    new Set(rows.read({ ...connected, nowMs }, true).map(({ reason }) => reason.kind));
  expect(kindsAt(1_000)).toEqual(new Set(['sending']));
  for (const { id } of edits) {
    disputes.noteReceived(
      relay.id,
      { action: 'known', id: id as RawCoID, header: false, sessions: {} },
      2_000,
    );
  }
  expect(kindsAt(6_000)).toEqual(new Set(['not-sent']));
});
