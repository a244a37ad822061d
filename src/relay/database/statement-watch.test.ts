import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { watchStatements } from './statement-watch.ts';

const pingEveryMs = 5_000;

function startWatch() {
  const clock = createFakeClock();
  const thread = { waiting: 0, limitMs: 15_000, ping: vi.fn(), overdue: vi.fn() };
  const watch = watchStatements({
    limitMs: () => thread.limitMs,
    isWaiting: () => thread.waiting > 0,
    ping: thread.ping,
    overdue: thread.overdue,
    clock,
    pingEveryMs,
  });
  const ask = () => {
    thread.waiting++;
    watch.asked();
  };
  return { clock, thread, watch, ask };
}

it('reports a thread that answers nothing for the limit, once', () => {
  const { clock, thread, ask } = startWatch();
  ask();
  clock.advance(pingEveryMs + thread.limitMs - 1);
  expect(thread.overdue).not.toHaveBeenCalled();
  clock.advance(1);
  expect(thread.overdue).toHaveBeenCalledOnce();
  clock.advance(60_000);
  expect(thread.overdue).toHaveBeenCalledOnce();
});

it('leaves a thread alone that answers pings, however long a request waits', () => {
  const { clock, thread, watch, ask } = startWatch();
  thread.ping.mockImplementation(watch.heard);
  ask();
  clock.advance(600_000);
  expect(thread.overdue).not.toHaveBeenCalled();
});

it('counts from the last answer', () => {
  const { clock, thread, watch, ask } = startWatch();
  ask();
  for (let answers = 0; answers < 10; answers++) {
    clock.advance(14_000);
    watch.heard();
    ask();
  }
  expect(thread.overdue).not.toHaveBeenCalled();
  clock.advance(20_000);
  expect(thread.overdue).toHaveBeenCalledOnce();
});

it('allows more time for long work', () => {
  const { clock, thread, ask } = startWatch();
  thread.limitMs = 300_000;
  ask();
  clock.advance(300_000);
  expect(thread.overdue).not.toHaveBeenCalled();
  thread.limitMs = 15_000;
  clock.advance(pingEveryMs);
  expect(thread.overdue).toHaveBeenCalledOnce();
});

it('does not count the time that the whole process was suspended', () => {
  const { clock, thread, ask } = startWatch();
  ask();
  const after = vi.spyOn(clock, 'after');
  clock.advance(pingEveryMs);
  const late = after.mock.lastCall?.[1];
  // The next timer runs an hour late, and only once.
  vi.spyOn(clock, 'elapsedMs').mockReturnValue(3_600_000);
  late?.();
  expect(thread.overdue).not.toHaveBeenCalled();
});

it('has no timer while nothing waits', () => {
  const { clock, thread, watch, ask } = startWatch();
  ask();
  expect(clock.waiting).toBe(1);
  thread.waiting = 0;
  clock.advance(pingEveryMs);
  expect(clock.waiting).toBe(0);
  ask();
  watch.stop();
  expect(clock.waiting).toBe(0);
  expect(thread.ping).not.toHaveBeenCalled();
});
