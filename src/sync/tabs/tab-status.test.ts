import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createOtherTabs, tabOf, type OtherTabs } from './other-tabs.ts';
import { createRollCall, type RollCall } from './tab-status.ts';

const node = await createAccountNode();
const own = node.currentSessionID;
const account = own.slice(0, own.indexOf('_session_'));
const [a, b] = [`${account}_session_zaa`, `${account}_session_zbb`];

let posted: object[];
let others: OtherTabs;
let takenOver: readonly string[];
let rollCall: RollCall;

beforeEach(() => {
  posted = [];
  takenOver = [];
  others = createOtherTabs(own);
  rollCall = createRollCall({
    ...{ setup: {}, node, others, isRecalled: () => false, clock: createFakeClock(5) },
    ladder: { pending: new Map(), isOwn: () => false, relayIDs: [] },
    uploads: { isTakenOver: (id) => takenOver.includes(id) },
    page: { title: 'x'.repeat(500), isVisible: false },
    peers: () => [{ id: 'r', url: 'wss://name:secret@relay.example/sync?token=secret', phase: 'paused' }],
    line: () => ({ isOpen: true, post: (message) => void posted.push(message) }),
  });
});

describe('a tab', () => {
  it('answers each question of another, of whatever version, with facts and no secret', () => {
    rollCall.overhear({ v: 1, from: a, kind: 'who', roll: 7 });
    expect(posted).toEqual([
      {
        ...{ kind: 'there', roll: 1, sessionIDs: [own], sinceMs: 5, title: 'x'.repeat(100) },
        ...{ isVisible: false, relays: [{ host: 'relay.example', phase: 'paused' }] },
        unconfirmed: { coValues: 0, certain: 0, ids: [] },
      },
    ]);
  });

  it('answers nothing else', () => {
    const messages: readonly unknown[] = [
      ...[undefined, 'who', { kind: 'who' }, { v: 2, from: a, kind: 'who' }],
      { v: 1, from: 'somebody', kind: 'who' },
      { v: 1, from: a, kind: 'there', roll: 1 },
      { v: 1, from: a, kind: 'hello' },
    ];
    for (const message of messages) rollCall.overhear(message);
    expect(posted).toEqual([]);
  });

  it('lets who inspects hear all that arrives, for as long as they listen', () => {
    const heard: unknown[] = [];
    const listener = (message: unknown) => void heard.push(message);
    const stops = [rollCall.inspection.listen(listener), rollCall.inspection.listen(listener)];
    rollCall.overhear(1);
    stops[0]?.();
    rollCall.overhear(2);
    stops[1]?.();
    rollCall.overhear(3);
    expect(heard).toEqual([1, 1, 2]);
  });

  it('says who uploads what a session wrote: its own tab, the first that is there, or who took it over', () => {
    const { uploaderOf } = rollCall.inspection;
    others.heard(a);
    others.heard(b);
    expect(uploaderOf(b, ['co_z1'])).toBeUndefined();
    others.silent(tabOf(b));
    const [first] = [a, own].toSorted();
    expect(uploaderOf(b, ['co_z1'])).toBe(first);
    others.silent(tabOf(a));
    expect(uploaderOf(b, ['co_z1'])).toBe(own);
    others.heard(b);
    takenOver = ['co_z1'];
    expect(uploaderOf(b, ['co_z0', 'co_z1'])).toBe(own);
  });
});
