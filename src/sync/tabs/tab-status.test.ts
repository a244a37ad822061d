import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { PeerStatus } from '../peer-status.ts';
import { createOtherTabs, tabOf, type OtherTabs } from './other-tabs.ts';
import { createTabStatus, type TabStatus } from './tab-status.ts';

const node = await createAccountNode();
const ownID = node.currentSessionID;
const account = ownID.slice(0, ownID.indexOf('_session_'));
const [a, b] = [`${account}_session_zaa`, `${account}_session_zbb`];

let posted: object[];
let others: OtherTabs;
let overdue: readonly string[];
let tabStatus: TabStatus;
let peers: readonly PeerStatus[];

beforeEach(() => {
  posted = [];
  overdue = [];
  peers = [{ id: 'r', url: 'wss://name:secret@relay.example/sync?token=secret', phase: 'paused' }];
  others = createOtherTabs(ownID);
  tabStatus = createTabStatus({
    setup: {},
    node,
    others,
    clock: createFakeClock(5),
    ladder: { pending: new Map(), isOwn: () => false, relayIDs: ['r'] },
    leases: {
      isLeft: (_, id) => !overdue.includes(id),
      isLeftToOther: (relay, id) => relay === 'r' && !overdue.includes(id),
    },
    page: { title: 'x'.repeat(500), isVisible: false },
    peers: () => peers,
    channel: () => ({ isOpen: true, post: (message) => void posted.push(message) }),
  });
});

describe('a tab', () => {
  it('answers queries of any version with facts and without secrets', () => {
    tabStatus.receiveRaw({ v: 1, from: a, kind: 'who', roll: 7 });
    expect(posted).toEqual([
      {
        kind: 'there',
        roll: 2,
        sessionIDs: [ownID],
        sinceMs: 5,
        title: 'x'.repeat(100),
        isVisible: false,
        relays: [{ host: 'relay.example', phase: 'paused' }],
        unconfirmed: { coValues: 0, ids: [] },
      },
    ]);
  });

  it('distinguishes two relays on one host', () => {
    peers = ['/one', '/two'].map((path) => {
      return { id: path, url: `wss://relay.example${path}?token=secret`, phase: 'paused' };
    });
    tabStatus.receiveRaw({ v: 1, from: a, kind: 'who', roll: 7 });
    const relays = [
      { host: 'relay.example/one', phase: 'paused' },
      { host: 'relay.example/two', phase: 'paused' },
    ];
    expect(posted).toMatchObject([{ relays }]);
  });

  it('answers nothing else', () => {
    const messages: readonly unknown[] = [
      ...[undefined, 'who', { kind: 'who' }, { v: 2, from: a, kind: 'who' }],
      { v: 1, from: 'somebody', kind: 'who' },
      { v: 1, from: a, kind: 'there', roll: 2 },
      { v: 1, from: a, kind: 'hello' },
    ];
    for (const message of messages) tabStatus.receiveRaw(message);
    expect(posted).toEqual([]);
  });

  it('passes everything that arrives to inspectors while they listen', () => {
    const heard: unknown[] = [];
    const listener = (message: unknown) => void heard.push(message);
    const stops = [tabStatus.inspection.listen(listener), tabStatus.inspection.listen(listener)];
    tabStatus.receiveRaw(1);
    stops[0]?.();
    tabStatus.receiveRaw(2);
    stops[1]?.();
    tabStatus.receiveRaw(3);
    expect(heard).toEqual([1, 1, 2]);
  });

  it('reports who uploads a session’s edits: its own tab, the first one present, or this one after the lease', () => {
    const { uploaderOf } = tabStatus.inspection;
    others.seen(a);
    others.seen(b);
    expect(uploaderOf(b, ['co_z1'])).toBeUndefined();
    others.gone(tabOf(b));
    const [first] = [a, ownID].toSorted();
    expect(uploaderOf(b, ['co_z1'])).toBe(first);
    others.gone(tabOf(a));
    expect(uploaderOf(b, ['co_z1'])).toBe(ownID);
    others.seen(b);
    overdue = ['co_z1'];
    expect(uploaderOf(b, ['co_z0', 'co_z1'])).toBe(ownID);
  });

  it('reports whether it leaves a CoValue’s edits to another tab', () => {
    const { isLeftToOther } = tabStatus.inspection;
    expect(isLeftToOther('r', 'co_z1')).toBe(true);
    overdue = ['co_z1'];
    expect(isLeftToOther('r', 'co_z1')).toBe(false);
  });
});
