import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { copyContent, openSessionNode } from '../../../test/support/engine/session-nodes.ts';
import { openOwnNames } from './own-names.ts';

const dayMs = 24 * 60 * 60 * 1000;
const nowMs = Date.UTC(2026, 0, 1);

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: nowMs }));
afterEach(() => void vi.useRealTimers());

/** Of the same account each time, on another device. */
async function openNames() {
  const node = await openSessionNode(1);
  const { id: accountID } = node.expectCurrentAccount('test');
  const own = openOwnNames({ node, accountID, look: () => Promise.resolve(false), changed: () => {} });
  return { ...own, node };
}

it('a name counts that follows one from a clock that was a year ahead', async () => {
  const own = await openNames();
  vi.setSystemTime(nowMs + 365 * dayMs);
  await own.rename('Ada');
  vi.setSystemTime(nowMs);
  await own.rename('Ada L');
  expect(own.name()).toBe('Ada L');
  await own.rename('');
  expect(own.name()).toBe('');
});

it('a name that has yet to arrive is none, and not a removed one', async () => {
  const own = await openNames();
  await own.add('co_zGroup');
  expect(own.name()).toBeUndefined();
  await own.rename('Ada');
  await own.rename('');
  expect(own.name()).toBe('');
});

it('brings a name, and its removal, to a group of which it is not known what is written there', async () => {
  const own = await openNames();
  await own.add('co_zGroup');
  expect(['Ada', ''].map((name) => own.outdated(name))).toEqual([['co_zGroup'], ['co_zGroup']]);
  own.record(['co_zGroup'], '');
  await own.add('co_zGroup');
  expect(own.outdated('')).toEqual([]);
});

it('[NAME-4] removes a name that has yet to arrive', async () => {
  const [phone, laptop] = [await openNames(), await openNames()];
  await phone.rename('Ada');
  vi.setSystemTime(nowMs + 1);
  await laptop.rename('');
  copyContent(phone.node, laptop.node);
  expect(laptop.name()).toBe('');
});
