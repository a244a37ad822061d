import { expect, it, vi } from 'vitest';
import { createPart } from '../platform/part.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { beginLater } from './coming-code.ts';
import * as relayCode from './relay-code.ts';

const setUp = () => {
  const clock = createFakeClock();
  const fetchPart = vi.fn(() => Promise.resolve(relayCode));
  const running = { end: vi.fn() };
  const begin = vi.fn(() => running);
  return { clock, fetchPart, running, begin, part: createPart(fetchPart) };
};

it('begins when its code is there, also where that could not be fetched at first', async () => {
  const { clock, fetchPart, running, begin, part } = setUp();
  fetchPart.mockRejectedValueOnce(new TypeError('no network'));
  const later = beginLater(clock, begin, part.load);
  await vi.waitFor(() => expect(clock.waiting).toBe(1));
  expect(begin).not.toHaveBeenCalled();
  clock.advance(5_000);
  await vi.waitFor(() => expect(begin).toHaveBeenCalledWith(relayCode));
  later.end();
  expect(running.end).toHaveBeenCalledOnce();
});

it('does not begin where it was ended before its code came, and asks no more', async () => {
  const { clock, fetchPart, begin, part } = setUp();
  beginLater(clock, begin, part.load).end();
  await part.load();
  await Promise.resolve();
  expect(begin).not.toHaveBeenCalled();

  const failing = createPart(fetchPart);
  fetchPart.mockRejectedValueOnce(new TypeError('no network'));
  beginLater(clock, begin, failing.load).end();
  await expect(failing.load()).rejects.toMatchObject({ code: 'KERNEL_NOT_LOADED' });
  await Promise.resolve();
  expect(clock.waiting).toBe(0);
});
