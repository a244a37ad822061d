import { expect, it, vi } from 'vitest';
import { createPart } from '../platform/part.ts';

it('is fetched once, also for two who ask at the same time', async () => {
  const fetchPart = vi.fn(() => Promise.resolve({ answer: 42 }));
  const part = createPart(fetchPart);
  expect(fetchPart).not.toHaveBeenCalled();
  const [one, other] = await Promise.all([part.load(), part.load()]);
  expect(one).toBe(other);
  expect(await part.load()).toBe(one);
  expect(fetchPart).toHaveBeenCalledOnce();
});

it('says what to do where it cannot be fetched, and tries again when it is asked for again', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  const fetchPart = vi.fn(() => Promise.resolve('here')).mockRejectedValueOnce(cause);
  const part = createPart(fetchPart);
  const [one, other] = await Promise.allSettled([part.load(), part.load()]);
  expect(one).toMatchObject({ reason: { code: 'KERNEL_NOT_LOADED', cause } });
  expect(other).toEqual(one);
  await expect(part.load()).resolves.toBe('here');
  expect(fetchPart).toHaveBeenCalledTimes(2);
});
