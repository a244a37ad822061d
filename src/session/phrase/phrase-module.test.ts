import { expect, it, vi } from 'vitest';
import { createPart } from '../../platform/part.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakePage } from '../../../test/support/platform/fake-page.ts';
import { fetchForLater } from './phrase-part.ts';

const setUp = () => {
  const clock = createFakeClock();
  const page = createFakePage();
  const fetchPart = vi.fn(() => Promise.resolve('words'));
  const end = fetchForLater({ clock, page }, createPart(fetchPart).load);
  return { clock, page, fetchPart, end };
};

it('is fetched when a session has been open for a while, not before and not twice', () => {
  const { clock, page, fetchPart } = setUp();
  clock.advance(9_999);
  expect(fetchPart).not.toHaveBeenCalled();
  clock.advance(1);
  page.tell('online');
  expect(fetchPart).toHaveBeenCalledOnce();
});

it('is fetched again when there is a network, where it could not be', async () => {
  const { clock, page, fetchPart } = setUp();
  fetchPart.mockRejectedValueOnce(new TypeError('no network'));
  clock.advance(10_000);
  await vi.waitFor(() => {
    page.tell('online');
    expect(fetchPart).toHaveBeenCalledTimes(2);
  });
});

it('is not fetched for a session that was closed', () => {
  const { clock, page, fetchPart, end } = setUp();
  end();
  clock.advance(60_000);
  page.tell('online');
  expect(fetchPart).not.toHaveBeenCalled();
});
