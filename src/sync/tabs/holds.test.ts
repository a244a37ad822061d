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

describe('what is left to another tab', () => {
  it('is due after some seconds, not at the same moment in all tabs, and once', () => {
    holds.hold('r', 'a', { s: 1 }, 'tab');
    fraction = 0;
    holds.hold('r', 'b', { s: 1 }, 'tab');
    expect(holds.isHeld('r', 'a')).toBe(true);
    clock.advance(2_250);
    expect(due.map(({ id }) => id)).toEqual(['b']);
    clock.advance(60_000);
    expect(due.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(due[0]).toMatchObject({ relayID: 'r', coverage: { s: 1 }, by: 'tab' });
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

  it('has a time of its own for what came later', () => {
    holds.hold('r', 'a', { s: 1 }, 'tab');
    clock.advance(2_500);
    holds.hold('r', 'a', { s: 2 }, 'tab');
    holds.confirmed('r', 'a', { s: 1 });
    clock.advance(2_500);
    expect(due).toEqual([]);
    clock.advance(1_000);
    expect(due.map(({ coverage }) => coverage)).toEqual([{ s: 2 }]);
  });

  it('is left for longer to a tab that has sent all of it, by its own time, and not for ever', () => {
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

  it('is given more time while that tab gets on, and not for ever', () => {
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

  it('is due soon where that tab has said goodbye', () => {
    holds.hold('r', 'a', { s: 1 }, 'gone');
    holds.hold('r', 'b', { s: 1 }, 'there');
    holds.hurry('gone');
    clock.advance(1_000);
    expect(due.map(({ id }) => id)).toEqual(['a']);
  });

  it('is nothing any more while the relay is away, or after the end', () => {
    holds.hold('r', 'a', { s: 1 }, 'tab');
    holds.hold('other', 'a', { s: 1 }, 'tab');
    holds.lost('r');
    expect([holds.isHeld('r', 'a'), holds.isHeld('other', 'a')]).toEqual([false, true]);
    holds.close();
    expect(clock.waiting).toBe(0);
  });
});
