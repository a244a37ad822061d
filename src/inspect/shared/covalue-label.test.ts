import type { RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import { labelCoValue } from './covalue-label.ts';

it('labels a CoValue with its kind, and with its name if it has one', async () => {
  const node = await createAccountNode();
  const group = node.createGroup();
  const named = group.createMap();
  named.set('title', '  Crew list ', 'private');
  expect(labelCoValue(node, named.id)).toEqual({ kind: 'CoMap', name: 'Crew list' });
  expect(labelCoValue(node, group.createMap().id)).toEqual({ kind: 'CoMap' });
  expect(labelCoValue(node, group.createList().id)).toEqual({ kind: 'CoList' });
  expect(labelCoValue(node, group.createStream().id)).toEqual({ kind: 'CoStream' });
  expect(labelCoValue(node, group.createBinaryStream().id)).toEqual({ kind: 'Binary' });
  expect(labelCoValue(node, group.createPlainText('a').id)).toEqual({ kind: 'Text' });
  expect(labelCoValue(node, group.id)).toEqual({ kind: 'Group' });
  expect(labelCoValue(node, node.getCurrentAgent().id)).toEqual({ kind: 'Account' });
  expect(labelCoValue(node, 'co_zMissing')).toEqual({ kind: 'unknown' });
});

it('shows no name of a map owned by the account itself, because the kernel stores secrets there', async () => {
  const node = await createAccountNode();
  const kernelMap: RawCoMap = node.expectCurrentAccount('test').createMap();
  kernelMap.set('name', 'a removal secret', 'private');
  expect(labelCoValue(node, kernelMap.id)).toEqual({ kind: 'CoMap' });
});

it('labels a CoValue as unknown if cojson stores its CoValues elsewhere', async () => {
  const node = await createAccountNode();
  Reflect.set(node, 'coValues', {});
  expect(labelCoValue(node, node.getCurrentAccountOrAgentID())).toEqual({ kind: 'unknown' });
});
