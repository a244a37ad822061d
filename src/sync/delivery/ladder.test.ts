import { describe, expect, it } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { createTestLadder } from '../../../test/support/sync/test-ladder.ts';
import { errorOf, noEdits } from './pending-edits.ts';

describe('an edit of another tab', () => {
  it('[TABS-5] counts as saved and unconfirmed, and leaves its mark to that tab', () => {
    const { ladder, marks } = createTestLadder();
    ladder.savedElsewhere('co_z1', { header: 1, s: 1 });
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
    expect(ladder.isOwn('co_z1')).toBe(false);
    ladder.confirmed('co_z1', { header: 1, s: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
    expect(marks).toEqual(['co_z1@r', '-co_z1 of another']);
  });

  it('belongs to this tab once it sends more of it than the header, or edits the CoValue too', () => {
    const { ladder, marks } = createTestLadder();
    ladder.savedElsewhere('co_z1', { s: 1 });
    ladder.savedElsewhere('co_z2', { s: 1 });
    ladder.sent('co_z1', { header: 1 }, 'r');
    expect(marks).toEqual([]);
    ladder.sent('co_z1', { s: 1 }, 'r');
    ladder.edited('co_z2', { t: 1 });
    ladder.sent('co_z3', { s: 1 }, 'r');
    expect(marks).toEqual(['+co_z1', '+co_z2']);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    ladder.saved('co_z2', { t: 1 });
    ladder.confirmed('co_z2', { s: 1, t: 1 }, 'r');
    expect(marks.slice(2)).toEqual(['co_z1@r', '-co_z1', 'co_z2@r', '-co_z2']);
  });
});

describe('an edit', () => {
  it('[LADDER-1] is pending on every rung until evidence covers it, and is forgotten once all rungs are reached', () => {
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

  it('[LADDER-3] stays pending if it is confirmed but not saved, because this device may still lose it', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('saved').pending).toBe(1);
    expect(ladder.count('confirmed').pending).toBe(0);
  });

  it('is complete when confirmed, if nothing can be saved', () => {
    const { ladder } = createTestLadder({ canSave: false });
    ladder.edited('co_z1', { s: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });

  it('[LADDER-5] has the age of the oldest pending edit, even while newer ones are made', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1 });
    clock.advance(5_000);
    ladder.edited('co_z1', { s: 2 });
    expect(ladder.count('confirmed').oldestSinceMs).toBe(0);
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed').oldestSinceMs).toBe(5_000);
  });

  it('waits for each rung from its own time, whatever follows', () => {
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

  it('reports each step, and its creation only in the call that creates it', () => {
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

  it('keeps memory small for many edits over a long time offline', () => {
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
  it('are as old as the oldest that has not arrived', () => {
    const { clock, ladder } = createTestLadder();
    for (let n = 1; n <= 1_000; n++) {
      ladder.edited('co_z1', { s: n });
      ladder.saved('co_z1', { s: n });
      // Each is confirmed after the next is made, so that the CoValue never completes.
      if (n > 1) ladder.confirmed('co_z1', { s: n - 1 }, 'r');
      clock.advance(1_000);
    }
    expect(ladder.count('confirmed')).toEqual({ pending: 1, oldestSinceMs: 999_000 });
    expect(ladder.pending.get('co_z1')?.edits.length).toBeLessThanOrEqual(2);
  });

  it('do not become one edit if someone sets the clock back', () => {
    const { clock, ladder } = createTestLadder();
    clock.advance(3_600_000);
    ladder.edited('co_z1', { s: 1 });
    clock.jump(-3_600_000);
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 2 });
    ladder.saved('co_z1', { s: 2 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    expect(ladder.count('confirmed')).toEqual({ pending: 1, oldestSinceMs: 1_000 });
  });

  it('of one session do not stand in for those of another, which may have to be sent again', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1, other: 1 });
    ladder.saved('co_z1', { s: 1, other: 1 });
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 2 });
    ladder.sent('co_z1', { s: 1, other: 1 }, 'r');
    ladder.confirmed('co_z1', { s: 1, other: 1 }, 'r');
    clock.advance(1_000);
    ladder.edited('co_z1', { s: 3 });
    ladder.relayLost('r');
    ladder.saved('co_z1', { s: 3 });
    ladder.confirmed('co_z1', { s: 3 }, 'r');
    expect(ladder.isPending('co_z1', 'confirmed')).toBe(true);
    ladder.confirmed('co_z1', { other: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });

  it('remain pending if only one rung or one of two relays is reached', () => {
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
    ladder.relayLost('r');
    expect(ladder.count('confirmed').oldestSinceMs).toBe(0);
  });
});

describe('a lost connection', () => {
  it('[LADDER-4] discards what was sent, and keeps what was confirmed', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1, t: 1 });
    ladder.sent('co_z1', { s: 1, t: 1 }, 'r');
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    ladder.connectionLost('r');
    expect(ladder.count('sent').pending).toBe(1);
    ladder.confirmed('co_z1', { t: 1 }, 'r');
    expect([ladder.count('sent').pending, ladder.count('confirmed').pending]).toEqual([0, 0]);
  });

  it('[LADDER-4] a relay that has lost data has to confirm everything again', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 1, t: 1 });
    ladder.confirmed('co_z1', { s: 1 }, 'r');
    ladder.relayLost('r');
    ladder.confirmed('co_z1', { t: 1 }, 'r');
    expect(ladder.count('confirmed').pending).toBe(1);
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
  it('[CONF-8] keeps edits pending until the relay confirms them', () => {
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

describe('content that the relay turns out to lack', () => {
  it('[CONF-9] is pending again, and still counts as saved', () => {
    const { ladder, marks } = createTestLadder();
    ladder.missing('co_z1', { header: 1, s: 7 });
    expect(ladder.count('confirmed').pending).toBe(1);
    expect(ladder.count('saved').pending).toBe(0);
    expect(marks).toEqual(['+co_z1']);
  });

  it('changes nothing for edits that are pending anyway', () => {
    const { clock, ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 7 });
    clock.advance(1_000);
    ladder.missing('co_z1', { s: 7 });
    expect(ladder.pending.get('co_z1')?.edits).toHaveLength(1);
    expect(ladder.count('saved').pending).toBe(1);
  });
});

describe('another tab’s edit', () => {
  it('is the other tab’s to send until this one sends it', () => {
    const { ladder } = createTestLadder();
    ladder.savedElsewhere('co_z1', { t: 1 });
    expect([ladder.isPending('co_z1', 'sent'), ladder.hasOwnPending('sent')]).toEqual([true, false]);
    ladder.sent('co_z1', { t: 1 }, 'r');
    expect([ladder.isOwn('co_z1'), ladder.hasOwnPending('confirmed')]).toEqual([true, true]);
    ladder.confirmed('co_z1', { t: 1 }, 'r');
    expect(ladder.hasOwnPending('confirmed')).toBe(false);
  });

  it('counts as saved if only the relay reports it missing', () => {
    const { ladder } = createTestLadder();
    ladder.savedElsewhere('co_z1', { t: 1 });
    ladder.missing('co_z1', { t: 2 }, 'r');
    expect([ladder.count('saved').pending, ladder.count('confirmed').pending]).toEqual([0, 1]);
  });
});

describe('a deletion', () => {
  it('[LADDER-9] is the only thing pending of a deleted CoValue', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { header: 1, s: 3 });
    ladder.edited('co_z1', { a_session_d1$: 1 });
    ladder.deleted('co_z1', { a_session_d1$: 1 });
    ladder.saved('co_z1', { header: 1, a_session_d1$: 1 });
    ladder.confirmed('co_z1', { header: 1, a_session_d1$: 1 }, 'r');
    expect(ladder.pending.size).toBe(0);
  });

  it('[LADDER-9] is not stuck because a relay refused the edits that it ends', () => {
    const { ladder } = createTestLadder();
    ladder.edited('co_z1', { s: 3 });
    ladder.failed('co_z1', createKernelError('RELAY_REFUSED', ''), 'r');
    ladder.deleted('co_z1', { b_session_d1$: 1 });
    expect(ladder.firstError).toBe(undefined);
    ladder.failed('co_z1', createKernelError('RELAY_REFUSED', ''), 'r');
    ladder.deleted('co_z1', { b_session_d1$: 1 });
    expect(ladder.firstError).toMatchObject({ code: 'RELAY_REFUSED' });
  });

  it('by another author must arrive if edits of this device depend on it', () => {
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
