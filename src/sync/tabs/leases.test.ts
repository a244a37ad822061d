import type { CoValueHeader, LocalNode, PeerState, RawCoID, SessionID, SyncMessage } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import type { Content, KnownState } from '../../engine/content.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { FakeClock } from '../../testing/fake-clock.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { createLeases, type Leases } from './leases.ts';
import { createOtherTabs, tabOf, type OtherTabs } from './other-tabs.ts';

const sessionOf = (name: string) => `co_zAccount_session_z${name}` as SessionID;
const [own, writer, first] = [sessionOf('Own'), sessionOf('Writer'), sessionOf('First')];
const id: RawCoID = 'co_zMap';

let clock: FakeClock;
let ladder: Ladder;
let others: OtherTabs;
let fraction: number;
let leases: Leases;
let hints: number;
/** What cojson was made to send again: the state that it assumes at the relay. */
let resent: (KnownState | undefined)[];
let known: KnownState;
let counted: KnownState;
let isClosed: boolean;

const peer = {
  id: 'r',
  get closed() {
    return isClosed;
  },
  getKnownState: () => known,
  getOptimisticKnownState: () => counted,
  setKnownState: (_: RawCoID, state: KnownState) => void (counted = known = state),
  combineOptimisticWith: (_: RawCoID, state: KnownState) =>
    void (counted = {
      ...state,
      header: known.header || state.header,
      sessions: { ...known.sessions, ...state.sessions },
    }),
} as unknown as PeerState;
const node = {
  syncManager: { sendNewContent: () => resent.push(counted) },
} as unknown as Pick<LocalNode, 'syncManager'>;

beforeEach(() => {
  ({ clock, ladder } = createTestLadder());
  others = createOtherTabs(own);
  others.seen(writer);
  [fraction, hints, resent, isClosed] = [0, 0, [], false];
  known = counted = { id, header: true, sessions: {} };
  start();
});

function start(): void {
  const onLeft = () => void hints++;
  leases = createLeases({ node, clock, ladder, others, randomFraction: () => fraction, onLeft });
  leases.beginUploads('r');
}

function contentOf(counts: KnownCounts, header?: object): Content {
  const sessions = Object.entries(counts).map(([session, count]) => [
    session,
    { after: 0, newTransactions: Array.from({ length: count }), lastSignature: 'signature_z1' },
  ]);
  const content: object = { action: 'content', id, priority: 0, new: Object.fromEntries(sessions) as object };
  return { ...content, ...(header && { header: header as CoValueHeader }) } as Content;
}

/** The sessions of the content that leaves, undefined if nothing does. */
function sent(counts: KnownCounts, header?: object): readonly string[] | undefined {
  const message = leases.filter('r', contentOf(counts, header));
  return message?.action === 'content' ? Object.keys(message.new) : undefined;
}

function hear(message: Partial<SyncMessage> & { readonly sessions?: Record<SessionID, number> }): void {
  known = { ...known, sessions: { ...known.sessions, ...message.sessions } };
  counted = { ...counted, sessions: { ...counted.sessions, ...message.sessions } };
  leases.handled({ id, header: true, sessions: {}, ...message } as SyncMessage, peer);
}

describe('content that leaves', () => {
  it('[TABS-2] has no edits of a present tab, and all of this one', () => {
    ladder.savedElsewhere(id, { [writer]: 1 });
    ladder.edited(id, { [own]: 1 });
    expect(sent({ [writer]: 1, [own]: 1 })).toEqual([own]);
    expect(sent({ [writer]: 1 })).toBeUndefined();
    expect(sent({ [own]: 2 })).toEqual([own]);
    expect(hints).toBeGreaterThan(0);
  });

  it('has everything while there is no other tab, and before the leases begin', () => {
    ladder.savedElsewhere(id, { [writer]: 1 });
    expect(leases.filter('other relay', contentOf({ [writer]: 1 }))).toEqual(contentOf({ [writer]: 1 }));
    others.gone(tabOf(writer));
    expect(sent({ [writer]: 1 })).toEqual([writer]);
  });

  it('has what a gone tab left behind only in the first of the present tabs', () => {
    others.gone(tabOf(writer));
    ladder.savedElsewhere(id, { [writer]: 1 });
    expect(sent({ [writer]: 1 })).toEqual([writer]);
    others.seen(first);
    expect(sent({ [writer]: 1 })).toBeUndefined();
  });

  it('has what this tab wrote under its other sessions', () => {
    others = createOtherTabs(own, own, sessionOf('Spare'));
    others.seen(first);
    start();
    ladder.edited(id, { [sessionOf('Spare')]: 1 });
    expect(sent({ [sessionOf('Spare')]: 1 })).toEqual([sessionOf('Spare')]);
  });

  it('has nothing that a present tab has already sent, until that is confirmed', () => {
    ladder.edited(id, { [own]: 1 });
    leases.sentBy('r', id, { [own]: 1 }, tabOf(writer));
    expect(sent({ [own]: 1 })).toBeUndefined();
    expect(sent({ [own]: 1, [sessionOf('Gone')]: 1 })).toEqual(
      tabOf(writer) < tabOf(own) ? undefined : [sessionOf('Gone')],
    );
    expect(leases.isOverdue('r', id)).toBe(false);
    leases.confirmed('r', id, { [own]: 1 }, tabOf(writer));
    expect(leases.isOverdue('r', id)).toBe(true);
    ladder.edited(id, { [own]: 2 });
    expect(sent({ [own]: 2 })).toEqual([own]);
  });

  it('has every deletion', () => {
    const deletion = `co_zAccount_session_dX$`;
    ladder.savedElsewhere(id, { [deletion]: 1, [writer]: 1 });
    expect(sent({ [deletion]: 1, [writer]: 1 })).toEqual([deletion]);
  });

  it('has no header without edits, and a group whole or not at all', () => {
    const [map, group] = [{ ruleset: { type: 'ownedByGroup' } }, { ruleset: { type: 'group' } }];
    ladder.savedElsewhere(id, { header: 1, [writer]: 1 });
    expect(sent({ [writer]: 1 }, map)).toBeUndefined();
    expect(sent({ [writer]: 1 }, group)).toBeUndefined();
    expect(sent({ [writer]: 1, [own]: 1 }, map)).toEqual([own]);
    expect(sent({ [writer]: 1, [own]: 1 }, group)).toEqual([writer, own]);
    expect(sent({}, map)).toEqual([]);
  });

  it('has all that the relay asks for or misses', () => {
    ladder.savedElsewhere(id, { [writer]: 1 });
    for (const message of [{ action: 'load' }, { action: 'known', isCorrection: true }] as const) {
      start();
      expect(sent({ [writer]: 1 })).toBeUndefined();
      hear(message);
      expect(sent({ [writer]: 1 })).toEqual([writer]);
      expect([leases.isOverdue('r', id), resent]).toEqual([false, []]);
    }
  });
});

describe('a lease', () => {
  beforeEach(() => ladder.savedElsewhere(id, { [writer]: 2 }));

  it.each([
    [0, 5_000],
    [0.9, 7_700],
  ])('ends after 5 to 8 s, and what was left out is sent after the next answer', (random, endMs) => {
    fraction = random;
    start();
    counted = { id, header: true, sessions: { [writer]: 2, [own]: 4 } };
    expect(sent({ [writer]: 2 })).toBeUndefined();
    clock.advance(endMs - 1);
    hear({ action: 'known' });
    expect([leases.isLeftToOther('r', id), leases.isOverdue('r', id), resent]).toEqual([true, false, []]);
    clock.advance(1);
    expect([leases.isLeftToOther('r', id), leases.isOverdue('r', id)]).toEqual([false, true]);
    hear({ action: 'known', sessions: { [writer]: 1 } });
    // What was not left out is not sent again.
    expect(resent).toEqual([{ id, header: true, sessions: { [writer]: 1, [own]: 4 } }]);
    expect(sent({ [writer]: 2 })).toEqual([writer]);
    hear({ action: 'known', sessions: { [writer]: 1 } });
    expect(resent).toHaveLength(1);
  });

  it('sends nothing again because of an acknowledgement that names only some sessions', () => {
    expect(sent({ [writer]: 2 })).toBeUndefined();
    clock.advance(5_000);
    hear({ action: 'known', sessions: { [own]: 1 }, partial: true } as Parameters<typeof hear>[0]);
    expect([leases.isOverdue('r', id), resent]).toEqual([true, []]);
    hear({ action: 'known', sessions: { [own]: 1 } });
    expect(resent).toHaveLength(1);
  });

  it('sends nothing that the relay has meanwhile', () => {
    expect(sent({ [writer]: 2 })).toBeUndefined();
    clock.advance(5_000);
    // The relay forwards it, which cojson does not count as known to the relay.
    leases.handled(contentOf({ [writer]: 2 }), peer);
    expect([leases.isOverdue('r', id), resent]).toEqual([false, []]);
  });

  it('is not ended by a message of a connection that has ended', () => {
    expect(sent({ [writer]: 2 })).toBeUndefined();
    clock.advance(5_000);
    isClosed = true;
    hear({ action: 'known' });
    expect([leases.isOverdue('r', id), resent]).toEqual([true, []]);
  });

  it('sends a header again that was left out', () => {
    ladder.savedElsewhere(id, { header: 1 });
    known = { id, header: false, sessions: {} };
    counted = { id, header: true, sessions: { [writer]: 2 } };
    expect(sent({ [writer]: 2 }, { ruleset: { type: 'group' } })).toBeUndefined();
    clock.advance(5_000);
    hear({ action: 'known' });
    expect(resent).toEqual([{ id, header: false, sessions: {} }]);
  });

  it('begins anew when content may leave on the next connection', () => {
    clock.advance(60_000);
    leases.lost('r');
    clock.advance(60_000);
    expect(leases.isLeftToOther('r', id)).toBe(true);
    leases.beginUploads('r');
    clock.advance(4_999);
    leases.beginUploads('r');
    expect(leases.isLeftToOther('r', id)).toBe(true);
    clock.advance(1);
    expect(leases.isLeftToOther('r', id)).toBe(false);
  });

  it('lasts longer while the other tab gets its edits confirmed, but at most a minute', () => {
    for (let second = 1; second < 60; second++) {
      clock.advance(1_000);
      leases.confirmed('r', 'co_zOther', {}, tabOf(writer));
      expect(leases.isLeftToOther('r', id)).toBe(true);
    }
    clock.advance(1_000);
    expect(leases.isLeftToOther('r', id)).toBe(false);
  });

  it('ends when the other tab is gone', () => {
    expect(sent({ [writer]: 2 })).toBeUndefined();
    others.gone(tabOf(writer));
    expect([leases.isLeftToOther('r', id), leases.isOverdue('r', id)]).toEqual([false, true]);
  });

  it('holds for what this tab does not count as pending as long as the other tab is present', () => {
    ladder.saved(id, { [writer]: 2 });
    ladder.confirmed(id, { [writer]: 2 }, 'r', true);
    expect(ladder.pending.size).toBe(0);
    clock.advance(100_000);
    expect(sent({ [writer]: 2 })).toBeUndefined();
    others.gone(tabOf(writer));
    expect(leases.isOverdue('r', id)).toBe(true);
  });
});

describe('a header or a deletion that another tab made', () => {
  it('is asked about after the lease, and at once by the tab that made it', () => {
    ladder.savedElsewhere(id, { header: 1 });
    ladder.edited('co_zMade', { header: 1 });
    expect([leases.isLeftToOther('r', id), leases.isLeftToOther('r', 'co_zMade')]).toEqual([true, false]);
    clock.advance(5_000);
    expect(leases.isLeftToOther('r', id)).toBe(false);
  });
});
