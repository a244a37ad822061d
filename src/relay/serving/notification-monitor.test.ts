import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { lostAfterMs, checkIntervalMs, monitorNotifications } from './notification-monitor.ts';

function setUp() {
  const clock = createFakeClock();
  const bus = { isListening: true };
  const lost = vi.fn();
  const monitor = monitorNotifications(bus, clock, lost);
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += checkIntervalMs) clock.advance(checkIntervalMs);
  };
  return { clock, bus, lost, monitor, pass };
}

it('reports lost notifications once, and recovery as soon as the relay listens', () => {
  const { bus, lost, monitor, pass } = setUp();
  pass(5 * lostAfterMs);
  bus.isListening = false;
  pass(lostAfterMs - checkIntervalMs);
  expect(monitor.isLost).toBe(false);
  pass(2 * lostAfterMs);
  expect(monitor.isLost).toBe(true);
  expect(lost).toHaveBeenCalledOnce();

  bus.isListening = true;
  expect(monitor.isLost).toBe(false);
  pass(checkIntervalMs);
  bus.isListening = false;
  pass(lostAfterMs);
  expect(lost).toHaveBeenCalledTimes(2);
});

it('ignores short interruptions and stops with the relay', () => {
  const { clock, bus, lost, monitor, pass } = setUp();
  for (let count = 0; count < 20; count++) {
    bus.isListening = !bus.isListening;
    pass(lostAfterMs / 2);
  }
  expect(lost).not.toHaveBeenCalled();
  monitor.stop();
  expect(clock.waiting).toBe(0);
});
