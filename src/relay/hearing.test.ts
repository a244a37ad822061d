import { expect, it, vi } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { deafForMs, lookEveryMs, watchHearing } from './hearing.ts';

function setUp() {
  const clock = createFakeClock();
  const bus = { isListening: true };
  const lost = vi.fn();
  const hearing = watchHearing(bus, clock, lost);
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += lookEveryMs) clock.advance(lookEveryMs);
  };
  return { clock, bus, lost, hearing, pass };
}

it('is lost after a while without, once, and back as soon as the relay listens', () => {
  const { bus, lost, hearing, pass } = setUp();
  pass(5 * deafForMs);
  bus.isListening = false;
  pass(deafForMs - lookEveryMs);
  expect(hearing.isLost).toBe(false);
  pass(2 * deafForMs);
  expect(hearing.isLost).toBe(true);
  expect(lost).toHaveBeenCalledOnce();

  bus.isListening = true;
  expect(hearing.isLost).toBe(false);
  pass(lookEveryMs);
  bus.isListening = false;
  pass(deafForMs);
  expect(lost).toHaveBeenCalledTimes(2);
});

it('is not lost by short interruptions, and ends with the relay', () => {
  const { clock, bus, lost, hearing, pass } = setUp();
  for (let count = 0; count < 20; count++) {
    bus.isListening = !bus.isListening;
    pass(deafForMs / 2);
  }
  expect(lost).not.toHaveBeenCalled();
  hearing.stop();
  expect(clock.waiting).toBe(0);
});
