import { expect, it, vi } from 'vitest';
import { createLazyModule } from './lazy-module.ts';

it('is fetched once, even by concurrent calls', async () => {
  const fetchModule = vi.fn(() => Promise.resolve({ answer: 42 }));
  const part = createLazyModule(fetchModule);
  expect(fetchModule).not.toHaveBeenCalled();
  const [one, other] = await Promise.all([part.load(), part.load()]);
  expect(one).toBe(other);
  expect(await part.load()).toBe(one);
  expect(fetchModule).toHaveBeenCalledOnce();
});

it('rejects with instructions if it cannot be fetched, and fetches again on the next call', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  const fetchModule = vi.fn(() => Promise.resolve('here')).mockRejectedValueOnce(cause);
  const part = createLazyModule(fetchModule);
  const [one, other] = await Promise.allSettled([part.load(), part.load()]);
  expect(one).toMatchObject({ reason: { code: 'KERNEL_NOT_LOADED', cause } });
  expect(other).toEqual(one);
  await expect(part.load()).resolves.toBe('here');
  expect(fetchModule).toHaveBeenCalledTimes(2);
});
