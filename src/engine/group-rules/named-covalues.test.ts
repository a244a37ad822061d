import { describe, expect, it } from 'vitest';
import { attacker, kernelNodes } from '../../../test/guard/nodes.ts';
import type { Transaction } from '../content.ts';
import { dependedOn, isMisnaming, isNaming } from './named-covalues.ts';

const trusting = (changes: string): Transaction => ({
  privacy: 'trusting',
  madeAt: 0,
  changes: changes as never,
});
const setting = (key: unknown) => trusting(JSON.stringify([{ op: 'set', key, value: 'reader' }]));

describe('[GROUP-1] a name in a group', () => {
  it.each(['co_zA', 'parent_co_zA', `co_z${'A'.repeat(64)}`])('%s can be an ID', (key) => {
    expect([isNaming(setting(key)), isMisnaming(setting(key))]).toEqual([true, false]);
  });

  it.each([
    'co_',
    'co_z',
    'co_zA\u0000',
    'co_zA ',
    'parent_x',
    'parent_co_zA\ud800',
    `co_z${'A'.repeat(65)}`,
  ])('%j can be none', (key) => {
    expect([isNaming(setting(key)), isMisnaming(setting(key))]).toEqual([false, true]);
  });

  it.each(['everyone', 'parent_', 'key_zA_for_co_zA', 'root', 1, undefined])('%j is no such name', (key) => {
    expect([isNaming(setting(key)), isMisnaming(setting(key))]).toEqual([false, false]);
  });

  it('is found behind escapes and beside others', () => {
    const escaped = trusting('[{"op":"set","key":"\\u0063o_zA\\u0000","value":"reader"}]');
    const beside = trusting('[{"op":"set","key":"co_zA"},null,{"op":"set","key":"co_zB!"}]');
    for (const one of [escaped, beside]) expect([isNaming(one), isMisnaming(one)]).toEqual([false, true]);
    expect(isMisnaming(trusting('no JSON'))).toBe(false);
  });
});

it('[GROUP-1] a stored group loads at once that names what no ID can be, and asks for none of it', async () => {
  const reader = await kernelNodes.honest();
  const owner = attacker();
  const group = owner.createGroup();
  for (const key of ['parent_co_zA\u0000', 'co_zA!'])
    group.core.makeTransaction([{ op: 'set', key, value: 'reader' }], 'trusting');
  const [content] = group.core.newContentSince(undefined) ?? [];
  if (!content?.header) throw new Error('The group has no content.');
  expect(dependedOn(content.header, content)).toEqual([]);
  reader.syncManager.handleNewContent(content, 'storage');
  expect(reader.getCoValue(group.id).isAvailable()).toBe(true);
  expect([...reader.allCoValues()].map(({ id }) => id)).toEqual([group.id]);
});
