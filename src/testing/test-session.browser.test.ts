import { expect, it } from 'vitest';
// Loaded before the test, whose time limit it would take up.
import '../index.ts';
import { createTestSession } from './test-session.ts';

it('[TEST-2] leaves nothing in a browser', async () => {
  const [one, other] = await Promise.all([createTestSession(), createTestSession()]);
  expect(one.accountID).not.toBe(other.accountID);
  const root = one.node.getLoaded(one.account.get('root') ?? one.account.id);
  if (root?.type !== 'comap') throw new Error('There is no root.');
  root.set('note', 'hello');
  await Promise.all([one.close(), other.close()]);
  expect((await indexedDB.databases()).map(({ name }) => name)).toEqual([]);
  expect(Object.keys(localStorage)).toEqual([]);
});
