import type { RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  connectedRelay,
  createFakeSync,
  fakePeerID,
  type FakeSync,
} from '../../../test/support/sync/fake-sync.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { Inspector } from '../inspector.ts';

let clock: FakeClock;
let sync: FakeSync;
let inspector: Inspector;
let map: RawCoMap;
let edit: UnsyncedCoValue;

beforeEach(async () => {
  const node = await createAccountNode();
  clock = createFakeClock(1_700_000_000_000);
  sync = createFakeSync(node, clock.nowMs());
  inspector = createInspector(sync, { clock });
  onTestFinished(() => inspector.close());
  map = node.createGroup().createMap();
  map.set('crane', 'Tomas');
  edit = {
    ...{ id: map.id, sinceMs: clock.nowMs() },
    ...{ saved: 'reached', sent: 'reached', confirmed: 'pending', durable: 'pending' },
    missingAtPeerIDs: [fakePeerID],
  };
});

function deliver(kind: 'sent' | 'received', message: object, afterMs = 0): void {
  clock.advance(afterMs);
  sync.frame({ kind, peerID: fakePeerID, atMs: clock.nowMs(), text: JSON.stringify(message) });
}
const content = () => map.core.newContentSince()?.[0] ?? {};
const known = () => ({ action: 'known', ...map.core.knownState() });
const timeline = () => {
  const [row] = inspector.snapshot().unsynced;
  return row && inspector.story(row);
};
const events = () =>
  timeline()?.relays[0]?.events.map(({ atMs, ...event }) => ({
    ...event,
    afterMs: atMs - edit.sinceMs,
  }));

describe('timeline of a CoValue', () => {
  it('lists what was sent, confirmed and refused since the oldest waiting edit', () => {
    deliver('sent', content());
    clock.advance(1_000);
    edit = { ...edit, sinceMs: clock.nowMs() };
    map.set('crane', 'Iris');
    sync.setUnsynced([edit]);
    deliver('sent', content(), 4);
    deliver('received', known(), 27);
    map.set('crane', 'Ana');
    deliver('sent', content(), 9);
    deliver('received', { maia: 'refused', code: 'forbidden', id: map.id, reason: 'no', closing: false }, 60);
    expect(events()).toEqual([
      { kind: 'sent', message: 2, afterMs: 4 },
      { kind: 'confirmed', message: 3, afterMs: 31 },
      { kind: 'sent', message: 4, afterMs: 40 },
      { kind: 'refused', message: 5, afterMs: 100, refusal: 'forbidden' },
    ]);
    expect(timeline()?.relays[0]).toMatchObject({ host: 'relay.example', isMissing: true });
  });

  it('claims no more of a message than the ladder and the connection show', () => {
    edit = { ...edit, sent: 'pending' };
    sync.setUnsynced([edit]);
    deliver('sent', content(), 4);
    expect(events()).toEqual([{ kind: 'handed-over', message: 1, afterMs: 4 }]);
    sync.setUnsynced([{ ...edit, sent: 'reached' }]);
    expect(events()).toEqual([{ kind: 'sent', message: 1, afterMs: 4 }]);
    clock.advance(1_000);
    sync.setUnsynced([edit]);
    sync.setState({ peers: [connectedRelay(clock.nowMs())] });
    expect(events()).toEqual([{ kind: 'lost', message: 1, afterMs: 4 }]);
  });

  it('omits messages about other CoValues, and messages that only state what a relay has', () => {
    sync.setUnsynced([edit]);
    deliver('received', known());
    deliver('received', { action: 'load', id: map.id, header: false, sessions: {} });
    deliver('sent', map.group.core.newContentSince()?.[0] ?? {});
    deliver('received', {
      maia: 'refused',
      code: 'forbidden',
      id: map.group.id,
      reason: 'no',
      closing: false,
    });
    deliver('received', { maia: 'echoed', t: 1, id: map.id });
    expect(events()).toEqual([]);
  });

  it('lists at most the newest twenty events', () => {
    sync.setUnsynced([edit]);
    for (let count = 0; count < 30; count++) deliver('sent', content());
    expect(events()?.map(({ message }) => message)).toEqual(Array.from({ length: 20 }, (_, at) => at + 11));
  });
});
