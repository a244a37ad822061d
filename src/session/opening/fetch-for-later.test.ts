import { expect, it, vi } from 'vitest';
import { createLazyModule } from '../../base/lazy-module.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakePage } from '../../../test/support/platform/fake-page.ts';
import { fetchForLater } from './fetch-for-later.ts';
import { until } from '../../../test/support/until.ts';

const setUp = () => {
  const clock = createFakeClock();
  const page = createFakePage();
  const fetchPart = vi.fn(() => Promise.resolve('words'));
  const end = fetchForLater({ clock, page }, createLazyModule(fetchPart).load);
  return { clock, page, fetchPart, end };
};

it('loads once, and only after a session has been open for a while', () => {
  const { clock, page, fetchPart } = setUp();
  clock.advance(9_999);
  expect(fetchPart).not.toHaveBeenCalled();
  clock.advance(1);
  page.tell('online');
  expect(fetchPart).toHaveBeenCalledOnce();
});

it('retries when the network returns, if loading failed', async () => {
  const { clock, page, fetchPart } = setUp();
  fetchPart.mockRejectedValueOnce(new TypeError('no network'));
  clock.advance(10_000);
  await until(() => {
    page.tell('online');
    expect(fetchPart).toHaveBeenCalledTimes(2);
  });
});

it('does not load for a session that was closed', () => {
  const { clock, page, fetchPart, end } = setUp();
  end();
  clock.advance(60_000);
  page.tell('online');
  expect(fetchPart).not.toHaveBeenCalled();
});
