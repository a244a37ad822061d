import type { LocalNode, RawCoID, RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { noAppCalls } from '../../test/support/session/no-app-calls.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../test/support/sync/fake-sync.ts';
import { createKernelError } from '../base/kernel-error.ts';
import { withoutPasskeys } from '../session/passkeys/without-passkeys.ts';
import type { UnsyncedCoValue } from '../sync/inspection.ts';
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts';
import { createInspector } from './create-inspector.ts';
import type { Inspector } from './inspector.ts';
import type { InspectorIncrement } from './snapshot/inspector-snapshot.ts';

const startMs = 1_700_000_000_000;

let clock: FakeClock;
let node: LocalNode;
let map: RawCoMap;
let sync: FakeSync;
let inspector: Inspector;
let edit: UnsyncedCoValue;

beforeEach(async () => {
  clock = createFakeClock(startMs);
  node = await createAccountNode();
  map = node.createGroup().createMap();
  map.set('title', 'Crew list', 'private');
  sync = createFakeSync(node, startMs);
  inspector = createInspector(sync, { clock, stopwatchMs: () => 0 });
  edit = {
    id: map.id,
    sinceMs: startMs,
    saved: 'reached',
    sent: 'reached',
    confirmed: 'pending',
    durable: 'pending',
    missingAtPeerIDs: [fakePeerID],
  };
});

const content = { action: 'content', id: 'co_z1' as RawCoID, priority: 3, new: {} } as const;

describe('snapshot', () => {
  it('[PANEL-1] is plain JSON with a protocol number, and holds no secret of the node', () => {
    sync.setUnsynced([edit]);
    const snapshot = inspector.snapshot();
    expect(snapshot.protocol).toBe(1);
    const json = JSON.stringify(snapshot);
    expect(JSON.parse(json)).toEqual(snapshot);
    expect(json).not.toContain(node.agentSecret);
    expect(json).not.toMatch(/Secret_z/);
  });

  it('has a row for each unsynced CoValue, with name, kind, hosts and the first reason', () => {
    sync.setUnsynced([edit]);
    expect(inspector.snapshot().unsynced).toEqual([
      {
        id: map.id,
        kind: 'CoMap',
        name: 'Crew list',
        bytes: expect.any(Number) as number,
        sinceMs: startMs,
        steps: { saved: 'reached', sent: 'reached', confirmed: 'pending', durable: 'pending' },
        way: { kind: 'open' },
        missingAt: ['relay.example'],
        reason: { kind: 'unconfirmed', host: 'relay.example' },
      },
    ]);
  });

  it('lists the requests to a relay that failed, as evidence too', () => {
    sync.setUnsynced([edit]);
    const details = { host: 'relay.example', status: 503 };
    const error = createKernelError('RELAY_UNREACHABLE', 'Not ready. Retrying.', { details });
    const url = 'wss://relay.example/sync?token=secret';
    sync.frame({ kind: 'closed', peerID: fakePeerID, atMs: startMs, transport: 'http', url, error });
    sync.setState({
      peers: [{ id: fakePeerID, url, phase: 'waiting', attempt: 1, retryAtMs: startMs + 9_000, error }],
    });
    expect(inspector.snapshot().peers[0]?.failedRequests).toMatchObject([{ times: 1, status: 503 }]);
    const request = /^GET https:\/\/relay\.example\/sync failed at \d\d:\d\d:\d\d: HTTP 503\.$/;
    expect(inspector.explain(map.id).evidence).toContainEqual(expect.stringMatching(request));
    expect(inspector.bugReport()).toMatch(/`GET https:\/\/relay\.example\/sync failed at .*: HTTP 503\.`/);
  });

  it('counts messages by priority, even those before the first snapshot', () => {
    sync.message('sent', content, 500, startMs + 100);
    sync.message('sent', content, 300, startMs + 200);
    sync.message('sent', { action: 'load', id: 'co_z1', header: false, sessions: {} }, 40, startMs + 300);
    sync.message('received', content, 900, startMs + 400);
    clock.advance(2_000);
    const { queues, peers, cost } = inspector.snapshot();
    expect(queues.medium).toMatchObject({ messagesPerSecond: 1, bytesPerSecond: 400 });
    expect(queues.high).toMatchObject({ messagesPerSecond: 0.5, bytesPerSecond: 20 });
    expect(queues.low).toMatchObject({ messagesPerSecond: 0, bytesPerSecond: 0 });
    expect(queues.medium.messages.values.slice(-3)).toEqual([null, 2, 0]);
    expect(peers[0]).toMatchObject({
      host: 'relay.example',
      promises: 'process-crash',
      sent: { messages: 3, bytes: 840 },
      received: { messages: 1, bytes: 900 },
    });
    expect(cost.eventsPerSecond).toBe(2);
  });

  it('includes messages from just before the snapshot', () => {
    sync.message('sent', content, 500, startMs);
    expect(inspector.snapshot().peers[0]?.sent).toEqual({ messages: 1, bytes: 500 });
  });

  it('keeps the peak of waiting messages', () => {
    sync.setPeers([{ id: fakePeerID, bufferedBytes: 4_000, unacknowledgedMessages: 7 }]);
    inspector.snapshot();
    clock.advance(1_000);
    sync.setPeers([{ id: fakePeerID, bufferedBytes: 0, unacknowledgedMessages: 1 }]);
    const [relay] = inspector.snapshot().queues.relays;
    expect(relay).toMatchObject({
      bufferedBytes: { now: 0, peak: 4_000 },
      unacknowledgedMessages: { now: 1, peak: 7 },
      incoming: { now: 0, peak: 0 },
      loadsInFlight: { now: 'unknown', peak: 'unknown' },
    });
  });
});

it('names a requested CoValue even if its row has no name yet', () => {
  let ms = 0;
  const slow = createInspector(sync, { clock, stopwatchMs: () => (ms += 10) });
  sync.setUnsynced([edit]);
  expect(slow.coValue(map.id).unsynced).toMatchObject({
    kind: 'CoMap',
    name: 'Crew list',
    steps: { saved: 'reached' },
  });
  slow.close();
});

describe('subscribe', () => {
  it('reports changes soon, batched, and only changed views', () => {
    const increments: InspectorIncrement[] = [];
    inspector.subscribe((increment) => increments.push(increment));
    sync.setUnsynced([edit]);
    for (let index = 0; index < 100; index++) sync.message('sent', content, 10, clock.nowMs());
    expect(increments).toHaveLength(0);
    clock.advance(100);
    expect(increments).toHaveLength(1);
    expect(increments[0]?.unsynced).toHaveLength(1);

    clock.advance(1_000);
    expect(increments.length).toBeGreaterThan(1);
    expect(increments.at(-1)).not.toHaveProperty('unsynced');
    expect(increments.at(-1)).toHaveProperty('queues');
  });

  it('[PANEL-2] reads nothing and sets no timer without a subscriber', () => {
    sync.setUnsynced([edit]);
    for (let index = 0; index < 100; index++) sync.message('sent', content, 10, clock.nowMs());
    clock.advance(10_000);
    expect(sync.reads).toBe(0);
    expect(clock.waiting).toBe(0);

    const unsubscribe = inspector.subscribe(() => {});
    clock.advance(2_000);
    const { reads } = sync;
    expect(reads).toBeGreaterThan(0);
    unsubscribe();
    clock.advance(10_000);
    expect(sync.reads).toBe(reads);
    expect(clock.waiting).toBe(0);
  });

  it('keeps an unchanged row the same object', () => {
    sync.setUnsynced([edit]);
    const before = inspector.snapshot().unsynced;
    sync.setUnsynced([{ ...edit }]);
    clock.advance(5_000);
    expect(inspector.snapshot().unsynced).toBe(before);
    sync.setUnsynced([{ ...edit }, { ...edit, id: 'co_z2' }]);
    const after = inspector.snapshot().unsynced;
    expect(after).not.toBe(before);
    expect(after[0]).toBe(before[0]);
  });

  it('notifies the other listeners if one throws', () => {
    const told: number[] = [];
    const caught: unknown[] = [];
    const onUncaught = (error: unknown) => caught.push(error);
    process.once('uncaughtException', onUncaught);
    inspector.subscribe(() => {
      throw new Error('a listener of an app');
    });
    inspector.subscribe((increment) => told.push(increment.atMs));
    clock.advance(1_000);
    expect(told).toHaveLength(1);
    return expect.poll(() => caught).toHaveLength(1);
  });
});

describe('overview', () => {
  it('follows the sync state alone', () => {
    const error = createKernelError('RELAY_UNREACHABLE', 'The relay cannot be reached. Start it.');
    sync.setState({
      status: 'connecting',
      confirmed: { known: true, pending: 3, oldestSinceMs: startMs },
      peers: [
        {
          id: fakePeerID,
          url: 'wss://relay.example/sync',
          phase: 'waiting',
          attempt: 2,
          retryAtMs: startMs + 6_000,
          error,
        },
      ],
    });
    expect(inspector.overview.current).toMatchObject({
      status: 'connecting',
      rungs: { confirmed: { known: true, pending: 3, oldestSinceMs: startMs } },
      relays: [{ host: 'relay.example', phase: 'waiting', disconnectedSinceMs: startMs, attempt: 2 }],
    });
    expect(sync.reads).toBe(0);
  });
});

describe('lifetime', () => {
  it('sets the tap for the first inspector, and removes it with the last', () => {
    const second = createInspector({ ...session(), sync }, { clock });
    expect(sync.hasTap).toBe(true);
    inspector.close();
    inspector.close();
    expect(sync.hasTap).toBe(true);
    sync.message('sent', content, 10, clock.nowMs());
    clock.advance(1_000);
    expect(second.snapshot().cost.eventsPerSecond).toBe(1);
    second.close();
    expect(sync.hasTap).toBe(false);
  });

  it('forwards its controls', () => {
    inspector.controls.pause();
    inspector.controls.resume();
    inspector.controls.reconnect();
    expect(sync.calls).toEqual(['pause', 'resume', 'reconnect']);
  });

  it('rejects a target that another copy of the kernel created', () => {
    const stranger = { ...sync, current: sync.current };
    expect(() => createInspector(stranger)).toThrow(/another copy of @MaiaOS\/kernel/);
  });
});

function session() {
  return {
    node,
    account: node.expectCurrentAccount('test'),
    accountID: node.getCurrentAccountOrAgentID(),
    storage: { current: sync.current.storage, subscribe: () => () => {} },
    passkeys: withoutPasskeys(),
    ...noAppCalls,
    revealRecoveryPhrase: () => Promise.resolve(''),
    previewErasure: () => Promise.resolve([]),
    eraseAccount: () => Promise.resolve([]),
    signOut: () => Promise.resolve(),
    close: () => Promise.resolve(),
    on: () => () => {},
  };
}

it('dates a relay’s changes by the time they were seen', () => {
  sync.setState({ peers: [{ id: fakePeerID, url: 'wss://relay.example/sync', phase: 'offline' }] });
  clock.advance(12_000);
  sync.setState({ peers: [connectedRelay(clock.nowMs())] });
  const [peer] = inspector.snapshot().peers;
  expect(peer?.changes.map(({ from, to }) => `${from} → ${to}`)).toEqual([
    'offline → connected',
    'connected → offline',
  ]);
  expect(peer?.roundTrips.values.at(-1)).toBeNull();
  clock.advance(1_000);
  expect(inspector.snapshot().peers[0]?.roundTrips.values.at(-1)).toBe(31);
});
