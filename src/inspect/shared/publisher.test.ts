import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createPublisher } from './publisher.ts';

function setUp(tookMs = 0, onDeliver = () => {}) {
  const clock = createFakeClock();
  const publishedAtMs: number[] = [];
  let stopwatchMs = 0;
  const publisher = createPublisher({
    clock,
    stopwatchMs: () => stopwatchMs,
    read() {
      stopwatchMs += tookMs / 4;
      return clock.elapsedMs();
    },
    deliver(readAtMs) {
      publishedAtMs.push(readAtMs);
      stopwatchMs += (tookMs * 3) / 4;
      onDeliver();
    },
  });
  return { clock, publishedAtMs, publisher };
}

describe('publisher', () => {
  it('publishes once a second without any change, and soon after one', () => {
    const { clock, publishedAtMs, publisher } = setUp();
    publisher.start();
    clock.advance(2_500);
    publisher.changed();
    publisher.changed();
    clock.advance(1_500);
    expect(publishedAtMs).toEqual([1_000, 2_000, 2_600, 3_600]);
  });

  it.each([
    { tookMs: 20, everyMs: 1_600, why: 'rests eighty times as long as it worked' },
    {
      tookMs: 120,
      everyMs: 2_000,
      why: 'shows nothing that is much older than 2 s, although reading takes long',
    },
    {
      tookMs: 500,
      everyMs: 4_000,
      why: 'rests eight times as long as it worked, if reading takes very long',
    },
  ])('$why', ({ tookMs, everyMs }) => {
    const { clock, publishedAtMs, publisher } = setUp(tookMs);
    publisher.start();
    for (let ms = 0; ms < 10_000; ms += 10) {
      publisher.changed();
      clock.advance(10);
    }
    expect(publishedAtMs.slice(0, 3)).toEqual([100, 100 + everyMs, 100 + 2 * everyMs]);
  });

  it.each([-3_600_000, 3_600_000])('publishes as often after someone sets the clock by %i ms', (jumpMs) => {
    const { clock, publishedAtMs, publisher } = setUp(10);
    publisher.start();
    publisher.changed();
    clock.advance(200);
    clock.jump(jumpMs);
    for (let ms = 0; ms < 2_000; ms += 10) {
      publisher.changed();
      clock.advance(10);
    }
    expect(publishedAtMs).toEqual([100, 900, 1_700]);
  });

  it('does not rest after an action of the user', () => {
    const { clock, publishedAtMs, publisher } = setUp(40);
    publisher.start();
    publisher.changed();
    clock.advance(300);
    publisher.changed();
    publisher.acted();
    clock.advance(100);
    expect(publishedAtMs).toEqual([100, 400]);
  });

  it('sets no timer before it starts and after it stops', () => {
    const { clock, publishedAtMs, publisher } = setUp();
    publisher.changed();
    expect(clock.waiting).toBe(0);
    publisher.start();
    publisher.stop();
    publisher.changed();
    clock.advance(5_000);
    expect(publishedAtMs).toEqual([]);
    expect(clock.waiting).toBe(0);
  });
});
