import { describe, expect, it } from 'vitest';
import { createReadTurns, type ReadTurns, type Step } from './read-turns.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Creates read turns whose clock advances only when a step runs. */
function setUp() {
  let nowMs = 0;
  const log: string[] = [];
  const timers: { readonly atMs: number; run(): void }[] = [];
  const turns = createReadTurns(
    () => nowMs,
    (delayMs, run) => {
      timers.push({ atMs: nowMs + delayMs, run });
      return () => {};
    },
  );
  /** A client whose steps take `stepMs` each. */
  function open(name: string, stepMs: number) {
    const turn = turns.open();
    return {
      turn,
      take(count: number) {
        let left = count;
        turn.take((): Step => {
          if (left-- === 0) return 'done';
          nowMs += stepMs;
          log.push(name);
          return 'more';
        });
      },
    };
  }
  return {
    turns: turns satisfies ReadTurns,
    open,
    log,
    pass(ms: number) {
      nowMs += ms;
      while (timers[0] && timers[0].atMs <= nowMs) timers.shift()?.run();
    },
    count: (name: string) => log.filter((one) => one === name).length,
  };
}

describe('reading', () => {
  it('starts immediately and yields to sockets after a while, for any client', async () => {
    const { open, count } = setUp();
    open('a', 1).take(5);
    expect(count('a')).toBe(2);
    open('b', 1).take(1);
    expect(count('b')).toBe(0);
    await nextTurn();
    expect([count('b'), count('a')]).toEqual([1, 3]);
    while (count('a') < 5) await nextTurn();
  });

  it('gives a greedy client a small part of every fourth turn while another is active', async () => {
    const { open, count } = setUp();
    const [greedy, other] = [open('greedy', 1), open('other', 0.1)];
    greedy.take(1_000);
    // While no other client is active, it gets the whole turn.
    while (count('greedy') < 80) await nextTurn();
    other.take(1);
    await nextTurn();
    expect(count('other')).toBe(1);
    const before = count('greedy');
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    expect(count('greedy') - before).toBe(1);
  });

  it('starts with the client that used the least time, and alternates between greedy ones', async () => {
    const { open, count } = setUp();
    const [one, two, light] = [open('one', 1), open('two', 1), open('light', 0.1)];
    for (const greedy of [one, two]) greedy.take(1_000);
    while (count('one') < 80 || count('two') < 80) await nextTurn();
    const before = { one: count('one'), two: count('two') };
    for (let turn = 0; turn < 80; turn++) {
      light.take(1);
      await nextTurn();
    }
    expect(count('light')).toBe(80);
    expect(count('one') - before.one).toBeGreaterThanOrEqual(9);
    expect(count('two') - before.two).toBeGreaterThanOrEqual(9);
    expect(count('one') - before.one).toBeLessThanOrEqual(11);
  });

  it('forgets used time and activity after a while', async () => {
    const { open, count, pass } = setUp();
    const [greedy, other] = [open('greedy', 1), open('other', 0.1)];
    greedy.take(200);
    while (count('greedy') < 200) await nextTurn();
    await nextTurn();
    other.take(1);
    expect(greedy.turn.isShared()).toBe(true);
    pass(2_000);
    expect(greedy.turn.isShared()).toBe(false);
    other.take(1);
    await nextTurn();
    greedy.take(2);
    expect(count('greedy')).toBe(202);
  });

  it('[RELAY-32] lets a client with long steps rest for three times as long after each', async () => {
    const { open, count, pass } = setUp();
    const [long, other] = [open('long', 100), open('other', 1)];
    long.take(3);
    expect(count('long')).toBe(1);
    other.take(1);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect([count('long'), count('other')]).toEqual([1, 1]);
    pass(290);
    await nextTurn();
    expect(count('long')).toBe(1);
    pass(10);
    await nextTurn();
    expect(count('long')).toBe(2);
  });

  it('waits for the next turn if a step requests it, and ends with the connection', async () => {
    const { turns } = setUp();
    const turn = turns.open();
    let count = 0;
    turn.take(() => {
      count++;
      return 'later';
    });
    expect(count).toBe(1);
    await nextTurn();
    expect(count).toBe(2);
    turn.close();
    await nextTurn();
    expect(count).toBe(2);
  });
});
