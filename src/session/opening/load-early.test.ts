import { expect, it, vi } from 'vitest';
import { loadEarly } from './load-early.ts';

const having = (...names: readonly string[]) => ({
  databases: () => Promise.resolve(names.map((name) => ({ name, version: 1 }))),
});

it('loads on a device that has had an account', async () => {
  const load = vi.fn(() => Promise.resolve());
  await loadEarly(having('other', 'maia-device'), load);
  expect(load).toHaveBeenCalledOnce();
});

it('loads nothing on another device, or if the browser does not list its databases', async () => {
  const load = vi.fn(() => Promise.resolve());
  await loadEarly(having('other'), load);
  await loadEarly({ databases: () => Promise.reject(new Error('refused')) }, load);
  await loadEarly({} as IDBFactory, load);
  await loadEarly(undefined, load);
  expect(load).not.toHaveBeenCalled();
});

it('leaves a failure to those who need what was loaded', async () => {
  await expect(loadEarly(having('maia-device'), () => Promise.reject(new Error('offline')))).resolves.toBe(
    undefined,
  );
});
