import { expect, it } from 'vitest';
import { requestKernelsOwn } from '../../engine/load-request.ts';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { createMemoryView } from './memory-figures.ts';

it('counts loaded CoValues at most every two seconds', async () => {
  const node = await createAccountNode();
  const view = createMemoryView(node);
  const before = view.read(10_000);
  expect(before.loaded).toBeGreaterThan(0);
  node.createGroup();
  expect(view.read(11_999)).toBe(before);
  expect(view.read(12_000)).toEqual({ ...before, loaded: before.loaded + 1 });
  // Counts again if the clock was set back.
  node.createGroup();
  expect(view.read(1_000).loaded).toBe(before.loaded + 2);
});

it('lists what was requested but not found anywhere', async () => {
  const node = await createAccountNode();
  const { id } = (await createAccountNode()).createGroup();
  await node.load(id);
  expect(createMemoryView(node).read(0).notFound).toEqual({ count: 1, ids: [id] });
});

it('leaves out what the kernel looks for, and need not find', async () => {
  const node = await createAccountNode();
  const { id } = (await createAccountNode()).createGroup();
  requestKernelsOwn(node, id);
  node.getCoValue(id).markNotFoundInPeer('storage');
  expect(node.getCoValue(id).loadingState).toBe('unavailable');
  expect(createMemoryView(node).read(0).notFound).toEqual({ count: 0, ids: [] });
});
