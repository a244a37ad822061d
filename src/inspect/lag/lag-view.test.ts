import type { LocalNode, RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../../test/support/sync/fake-sync.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

const startMs = 1_700_000_000_000;

let clock: FakeClock;
let node: LocalNode;
let map: RawCoMap;
let sync: FakeSync;
let inspector: Inspector;

beforeEach(async () => {
  clock = createFakeClock(startMs);
  node = await createAccountNode();
  map = node.createGroup().createMap();
  map.set('title', 'Tide log', 'private');
  sync = createFakeSync(node, startMs);
  inspector = createInspector(sync, { clock, stopwatchMs: () => 0 });
});

const reached = (
  rung: 'saved' | 'sent' | 'confirmed',
  id: string,
  counts: KnownCounts,
  relayID: string | undefined = rung === 'saved' ? undefined : fakePeerID,
) => sync.rung(rung, id, counts, relayID);
const one = (ms: number) => ({ count: 1, p50Ms: ms, p95Ms: ms, p99Ms: ms, worstMs: ms });
const lag = () => inspector.snapshot().lag;

/** Takes an edit from its creation to its confirmation in 28 ms. */
function arrive(id: string, need: KnownCounts): void {
  sync.rung('made', id, need);
  clock.advance(3);
  reached('saved', id, need);
  clock.advance(5);
  reached('sent', id, need);
  clock.advance(20);
  reached('confirmed', id, need);
}

describe('lag', () => {
  it('is measured by kind of CoValue and window, from the inspector’s creation on', () => {
    arrive(map.id, { s: 1 });
    arrive(map.group.id, { s: 1 });
    const { windows, oldest, leftOut } = lag();
    expect(windows.map(({ windowMs, sinceMs }) => [windowMs, sinceMs])).toEqual([
      [60_000, startMs],
      [300_000, startMs],
      [900_000, startMs],
    ]);
    const both = (ms: number) => ({ all: { ...one(ms), count: 2 }, high: one(ms), medium: one(ms) });
    for (const window of windows) {
      expect(window.all).toEqual({
        ...{ saved: both(3), sent: both(8), confirmed: both(28), durable: both(28), answered: both(20) },
      });
      expect(window.relays).toEqual([]);
    }
    expect(oldest).toEqual({});
    expect(leftOut).toEqual({ tooMany: 0, clock: 0 });
    const json = JSON.stringify(lag());
    expect(JSON.parse(json)).toEqual(lag());
  });

  it('leaves a window when its time is over, and the longer ones later', () => {
    arrive(map.id, { s: 1 });
    clock.advance(4 * 60_000);
    expect(lag().windows.map(({ all }) => all.confirmed.all?.count)).toEqual([undefined, 1, 1]);
    clock.advance(4 * 60_000);
    expect(lag().windows.map(({ all }) => all.confirmed.all?.count)).toEqual([undefined, undefined, 1]);
  });

  it('stays the same object while nothing changes', () => {
    arrive(map.id, { s: 1 });
    const { windows } = lag();
    clock.advance(10);
    expect(lag().windows).toBe(windows);
    arrive(map.id, { s: 2 });
    expect(lag().windows).not.toBe(windows);
  });

  it('times the answer from the last send after a lost connection', () => {
    sync.rung('made', map.id, { s: 1 });
    reached('sent', map.id, { s: 1 });
    clock.advance(1_000);
    sync.event({ event: 'disconnect', detail: { peerID: fakePeerID } });
    reached('sent', map.id, { s: 1 });
    clock.advance(20);
    reached('confirmed', map.id, { s: 1 });
    const all = lag().windows[0]?.all;
    expect(all?.answered.medium).toEqual(one(20));
    expect(all?.confirmed.medium?.worstMs).toBe(1_020);
  });

  it('has no sample of durability without the promise', () => {
    sync.setPeers([
      { id: fakePeerID, bufferedBytes: 0, unacknowledgedMessages: 0, hello: { durability: 'none' } },
    ]);
    arrive(map.id, { s: 1 });
    expect(lag().windows[0]?.all.durable).toEqual({});
    expect(lag().windows[0]?.all.confirmed.all?.count).toBe(1);
  });

  it('lists each relay by host if there are several', () => {
    const us = { ...connectedRelay(startMs), id: 'us', url: 'wss://us.example/sync' };
    sync.setState({ peers: [connectedRelay(startMs), us] });
    const inspected = { bufferedBytes: 0, unacknowledgedMessages: 0, hello: { durability: 'power-loss' } };
    sync.setPeers([
      { id: fakePeerID, ...inspected },
      { id: 'us', ...inspected },
    ]);
    arrive(map.id, { s: 1 });
    const before = lag().windows[0];
    expect(before?.all.confirmed).toEqual({});
    expect(before?.relays.map(({ host, confirmed }) => [host, confirmed.all?.worstMs])).toEqual([
      ['relay.example', 28],
      ['us.example', undefined],
    ]);
    clock.advance(72);
    reached('confirmed', map.id, { s: 1 }, 'us');
    const after = lag().windows[0];
    expect(after?.all.confirmed.all).toMatchObject({ count: 1, worstMs: 100 });
    expect(after?.relays[1]?.durable.all?.worstMs).toBe(100);
  });

  it('names the oldest edit waiting for each rung, and none for a rung out of reach', () => {
    const waiting: UnsyncedCoValue = {
      id: map.id,
      sinceMs: startMs - 9_000,
      saved: 'pending',
      sent: 'reached',
      confirmed: 'pending',
      durable: 'pending',
      missingAtPeerIDs: [fakePeerID],
    };
    sync.setUnsynced([waiting]);
    const named = { id: map.id, name: 'Tide log', sinceMs: startMs - 9_000 };
    expect(lag().oldest).toEqual({ saved: named, confirmed: named, durable: named });
    sync.setState({ storage: { kind: 'memory', state: 'memory-only' } });
    expect(lag().oldest).toEqual({ confirmed: named, durable: named });
  });

  it('is tapped only while there is an inspector, and reaches each of several', () => {
    const other = createInspector(sync, { clock });
    expect(sync.hasRungTap).toBe(true);
    arrive(map.id, { s: 1 });
    for (const each of [inspector, other]) {
      expect(each.snapshot().lag.windows[0]?.all.saved.all?.count).toBe(1);
    }
    inspector.close();
    expect(sync.hasRungTap).toBe(true);
    other.close();
    expect(sync.hasRungTap).toBe(false);
  });
});
