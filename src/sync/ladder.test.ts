import { describe, expect, it } from 'vitest';
import { createKernelError } from '../base/kernel-error.ts';
import { createTestLadder } from '../../test/support/sync/test-ladder.ts';
import { errorOf, noEdits } from './pending-edits.ts';

describe('an edit of another tab', () => {
  it('counts as saved and unconfirmed, and its mark is left to that tab', () => {
    const { ladder, marks } = createTestLadder();
    ladder.savedElsewhere('co_z1', { header: 1, s: 1 });
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
    expect(ladder.isOwn('co_z1')).toBe(false);
    ladder.confirmed('co_z1', { header: 1, s: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
    expect(marks).toEqual(['co_z1@r', '-co_z1 of another']);
  });

  it('is this tab’s own matter once it is taken over, or edited here too', () => {
    const { ladder, marks } = createTestLadder();
    ladder.savedElsewhere('co_z1', { s: 1 });
    ladder.savedElsewhere('co_z2', { s: 1 });
    ladder.takenOver('co_z1');
    ladder.edited('co_z2', { t: 1 });
    ladder.takenOver('co_z3');
    expect(marks).toEqual(['+co_z1', '+co_z2']);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    ladder.saved('co_z2', { t: 1 });
    ladder.confirmed('co_z2', { s: 1, t: 1 }, 'r');
    expect(marks.slice(2)).toEqual(['co_z1@r', '-co_z1', 'co_z2@r', '-co_z2']);
  });
});

describe('an edit', () => {
  it('is pending on every rung until evidence covers it, and forgotten when it is everywhere', () => {
    const { ladder, marks } = createTestLadder();
    ladder.edited('co_z1', { header: 1, s: 2 });
    expect([ladder.count('saved'), ladder.count('sent'), ladder.count('confirmed')]).toEqual(
      Array(3).fill({ pending: 1, oldestSinceMs: 0 }),
    );
    ladder.saved('co_z1', { header: 1, s: 2 });
    ladder.sent('co_z1', { header: 1, s: 1 }, 'r');
    expect([ladder.count('saved').pending, ladder.count('sent').pending]).toEqual([0, 1]);
    ladder.confirmed('co_z1', { header: 1, s: 2 }, 'r');
    expect(ladder.pending.size).toBe(0);
    expect(marks).toEqual(['+co_z1', 'co_z1@r', '-co_z1']);
  });

  it('confirmed and not saved is not done: this device may still lose it', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('saved').pending).toBe(1);
    expect(ladder.count('confirmed').pending).toBe(0);
  });

  it('where nothing can be saved, confirmed is done', () => {
    const { ladder } = createTestLadder({ canSave: false });
    ladder.edited('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });

  it('has the age of the oldest that waits, also while newer ones are made', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    clock.advance(5_000);
    ladder.edited('co_z1', { s: 2 });
    expect(ladder.count('confirmed').oldestSinceMs).toBe(0);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').oldestSinceMs).toBe(5_000);
  });

  it('waits for each rung since it was made, whatever came later', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 2 });
    ladder.sent('co_z1', { s: 1 }, 'r');
    expect(ladder.waiting).toEqual({
      saved: new Map([['co_z1', 0]]),
      sent: new Map([['co_z1', 1_000]]),
      confirmed: new Map([['co_z1', 0]]),
    });
  });

  it('tells each of its steps, and that it was made only where it was in that call', () => {
    const { ladder, steps } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    ladder.edited('co_z1', { s: 2 }, true);
    ladder.sent('co_z1', { s: 2 }, 'r');
    ladder.saved('co_z1', { s: 2 });
    ladder.confirmed('co_z1', { s: 2 }, 'r');
    expect(steps).toEqual([
      'made co_z1 {"s":2}',
      'sent co_z1 {"s":2} r',
      'saved co_z1 {"s":2}',
      'confirmed co_z1 {"s":2} r',
      'ended co_z1 {}',
    ]);
    ladder.setTap(undefined);
    ladder.edited('co_z1', { s: 3 }, true);
    expect(steps).toHaveLength(5);
  });

  it('many of them in a long time offline stay few in memory', () => {
    const { clock, ladder } = createTestLadder();
    for (let n = 1; n <= 5_000; n++) {
      ladder.edited('co_z1', { s: n });
      clock.advance(1_000);
    }
    expect(ladder.pending.get('co_z1')?.edits.length).toBeLessThanOrEqual(200);
    expect(ladder.count('confirmed').oldestSinceMs).toBe(0);
    ladder.confirmed('co_z1', { s: 4_999 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
  });
});

describe('edits without a pause', () => {
  it('are as old as the oldest that has not arrived, however many have', () => {
    const { clock, ladder } = createTestLadder();
    for (let n = 1; n <= 1_000; n++) {
      ladder.edited('co_z1', { s: n });
      ladder.saved('co_z1', { s: n });
      // Each is confirmed after the next was made, so that the CoValue is never done.
      if (n > 1) ladder.confirmed('co_z1', { s: n - 1 }, 'r');
      clock.advance(1_000);
    }
    expect(ladder.count('confirmed')).toEqual({ pending: 1, oldestSinceMs: 999_000 });
    expect(ladder.pending.get('co_z1')?.edits.length).toBeLessThanOrEqual(2);
  });

  it('of one session do not speak for those of another, which may have to be told again', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1, other: 1 });
    ladder.saved('co_z1', { s: 1, other: 1 });
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 2 });
    ladder.sent('co_z1', { s: 1, other: 1 }, 'r');
    ladder.confirmed('co_z1', { s: 1, other: 1 }, 'r');
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 3 });
    ladder.connectionLost('r');
    ladder.saved('co_z1', { s: 3 });
    ladder.confirmed('co_z1', { s: 3 }, 'r');
    expect(ladder.isPending('co_z1', 'confirmed')).toBe(true);
    ladder.confirmed('co_z1', { other: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });

  it('stay where only one rung was reached, or one of two relays has them', () => {
    const { clock, ladder } = createTestLadder();
    ladder.useRelays(['r', 'q']);
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 2 });
    ladder.edited('co_z1', { s: 3 });
    expect(ladder.count('confirmed').oldestSinceMs).toBe(0);
    ladder.confirmed('co_z1', { s: 1 }, 'q');
    ladder.connectionLost('r');
    expect(ladder.count('confirmed').oldestSinceMs).toBe(0);
  });
});

describe('a connection that is lost', () => {
  it('takes back what was sent and what was half confirmed', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 2 });
    ladder.sent('co_z1', { s: 2 }, 'r');
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    ladder.connectionLost('r');
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect([ladder.count('sent').pending, ladder.count('confirmed').pending]).toEqual([1, 1]);
  });

  it('keeps what was saved', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    ladder.saved('co_z1', { s: 1 });
    ladder.connectionLost('r');
    expect(ladder.count('saved').pending).toBe(0);
  });
});

describe('a refusal', () => {
  it('stands until the relay confirms all the same', () => {
    const { ladder } = createTestLadder();
    const error = createKernelError('MESSAGE_TOO_LARGE', 'x');
    ladder.edited('co_z1', { s: 1 });
    ladder.failed('co_z1', error, 'r');
    expect(errorOf(ladder.pending.get('co_z1') ?? noEdits)).toBe(error);
    expect(ladder.firstError).toBe(error);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(errorOf(ladder.pending.get('co_z1') ?? noEdits)).toBeUndefined();
    expect(ladder.firstError).toBeUndefined();
  });
});

describe('what the relay turns out to lack', () => {
  it('is pending again, and counts as saved, for it was', () => {
    const { ladder, marks } = createTestLadder();
    ladder.missing('co_z1', { header: 1, s: 7 });
    expect(ladder.count('confirmed').pending).toBe(1);
    expect(ladder.count('saved').pending).toBe(0);
    expect(marks).toEqual(['+co_z1']);
  });

  it('says nothing new of edits that are pending anyway', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 7 });
    clock.advance(1_000);
    ladder.missing('co_z1', { s: 7 });
    expect(ladder.pending.get('co_z1')?.edits).toHaveLength(1);
    expect(ladder.count('saved').pending).toBe(1);
  });
});

describe('another tab’s edit', () => {
  it('is its own to send, until this one takes it over', () => {
    const { ladder } = createTestLadder();
    ladder.savedElsewhere('co_z1', { t: 1 });
    expect([ladder.isPending('co_z1', 'sent'), ladder.hasOwnPending('sent')]).toEqual([true, false]);
    ladder.takenOver('co_z1');
    expect(ladder.hasOwnPending('sent')).toBe(true);
    ladder.confirmed('co_z1', { t: 1 }, 'r');
    expect(ladder.hasOwnPending('sent')).toBe(false);
  });

  it('that is found to be missing at a relay, without that tab’s word for it, is saved', () => {
    const { ladder } = createTestLadder();
    ladder.savedElsewhere('co_z1', { t: 1 });
    ladder.missing('co_z1', { t: 2 }, 'r');
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
  });
});

describe('a deletion', () => {
  it('is all that has to arrive of a deleted CoValue', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { header: 1, s: 3 });
    ladder.edited('co_z1', { a_session_d1$: 1 });
    ladder.deleted('co_z1', { a_session_d1$: 1 });
    ladder.saved('co_z1', { header: 1, a_session_d1$: 1 });
    ladder.confirmed('co_z1', { header: 1, a_session_d1$: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });

  it('that somebody else has made has to arrive where edits of this device should have', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 3 });
    ladder.deleted('co_z1', { b_session_d1$: 1 });
    ladder.deleted('co_z1', { b_session_d1$: 1 });
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([1, 1]);
    ladder.saved('co_z1', { b_session_d1$: 1 });
    ladder.confirmed('co_z1', { header: 1, s: 3 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
    ladder.confirmed('co_z1', { b_session_d1$: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });
});
