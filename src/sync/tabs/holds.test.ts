import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createHolds, type DueHold, type Holds } from './holds.ts';

let clock: FakeClock;
let due: DueHold[];
let holds: Holds;
let fraction: number;
beforeEach(() => {
  clock = createFakeClock();
  due = [];
  fraction = 0.5;
  holds = createHolds({ clock, randomFraction: () => fraction, onDue: (hold) => due.push(hold) });
});

describe('content left to another tab', () => {
  it('becomes due after some seconds, at a different moment in each tab, and once', () => {
    holds.hold('r', 'a', { s: 1 }, 'tab');
    fraction = 0;
    holds.hold('r', 'b', { s: 1 }, 'tab');
    expect(holds.isHeld('r', 'a')).toBe(true);
    clock.advance(2_250);
    expect(due.map(({ id }) => id)).toEqual(['b']);
    clock.advance(60_000);
    expect(due.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(due[0]).toMatchObject({ relayID: 'r', counts: { s: 1 }, by: 'tab' });
    expect(holds.isHeld('r', 'a')).toBe(false);
    expect(clock.waiting).toBe(0);
  });

  it('is not due once the relay has it', () => {
    holds.hold('r', 'a', { s: 2, header: 1 }, 'tab');
    holds.confirmed('r', 'a', { s: 1 });
    expect(holds.isHeld('r', 'a')).toBe(true);
    holds.confirmed('r', 'a', { s: 2, header: 1 });
    expect(holds.isHeld('r', 'a')).toBe(false);
    clock.advance(60_000);
    expect(due).toEqual([]);
  });

  it('has a separate deadline for later edits', () => {
    holds.hold('r', 'a', { s: 1 }, 'tab');
    clock.advance(2_500);
    holds.hold('r', 'a', { s: 2 }, 'tab');
    holds.confirmed('r', 'a', { s: 1 });
    clock.advance(2_500);
    expect(due).toEqual([]);
    clock.advance(1_000);
    expect(due.map(({ counts }) => counts)).toEqual([{ s: 2 }]);
  });

  it('is left longer to a tab that has sent all of it, but not forever', () => {
    holds.hold('r', 'a', { s: 2, header: 1 }, 'writer');
    holds.hold('r', 'b', { s: 2 }, 'writer');
    clock.advance(2_000);
    holds.sent('r', 'a', { s: 2 }, 'sender');
    holds.sent('r', 'b', { s: 1 }, 'sender');
    clock.advance(2_000);
    expect(due.map(({ id }) => id)).toEqual(['b']);
    for (let second = 0; second < 60; second++) {
      clock.advance(1_000);
      holds.sent('r', 'a', { s: 2 }, 'sender');
    }
    expect(due.map(({ id, by }) => [id, by])).toEqual([
      ['b', 'writer'],
      ['a', 'sender'],
    ]);
  });

  it('gets more time while that tab makes progress, but not forever', () => {
    holds.hold('r', 'a', { s: 1 }, 'busy');
    for (let second = 0; second < 25; second++) {
      clock.advance(1_000);
      holds.confirmed('r', `other ${second}`, { s: 1 }, 'busy');
    }
    expect(due).toEqual([]);
    for (let second = 0; second < 25; second++) {
      clock.advance(1_000);
      holds.confirmed('r', `other ${second}`, { s: 1 }, 'busy');
    }
    expect(due).toHaveLength(1);
  });

  it.each([-31, 31])('[CONN-14] is due as soon when someone sets the clock by %i days', (days) => {
    holds.hold('r', 'a', { s: 1 }, 'quiet');
    holds.hold('r', 'b', { s: 1 }, 'busy');
    holds.hold('r', 'c', { s: 1 }, 'gone');
    clock.advance(1_500);
    holds.confirmed('r', 'other', { s: 1 }, 'busy');
    holds.hurry('gone');
    clock.jump(days * 86_400_000);
    const dueAfter = (ms: number) => {
      clock.advance(ms);
      return due.map(({ id }) => id);
    };
    expect(dueAfter(250)).toEqual([]);
    expect(dueAfter(250)).toEqual(['c']);
    expect(dueAfter(750)).toEqual(['c']);
    expect(dueAfter(250)).toEqual(['c', 'a']);
    expect(dueAfter(2_750)).toEqual(['c', 'a']);
    expect(dueAfter(250)).toEqual(['c', 'a', 'b']);
  });

  it('is due soon if that tab announced its end', () => {
    holds.hold('r', 'a', { s: 1 }, 'gone');
    holds.hold('r', 'b', { s: 1 }, 'there');
    holds.hurry('gone');
    clock.advance(1_000);
    expect(due.map(({ id }) => id)).toEqual(['a']);
  });

  it('is dropped while the relay is away, and after the end', () => {
    holds.hold('r', 'a', { s: 1 }, 'tab');
    holds.hold('other', 'a', { s: 1 }, 'tab');
    holds.lost('r');
    expect([holds.isHeld('r', 'a'), holds.isHeld('other', 'a')]).toEqual([false, true]);
    holds.close();
    expect(clock.waiting).toBe(0);
  });
});
