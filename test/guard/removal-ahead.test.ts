import { expect, it, vi } from 'vitest';
import { attacker, give, idOf, memberOf } from './nodes.ts';
import { past, signRaw, start } from './steps.ts';

it('[GROUP-6] a reader dates one transaction ahead: a removal sorts and judges the group a few times, however many members get the key', async () => {
  const { alice, group } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'reader');
  for (let n = 0; n < 100; n++) group.addMember(memberOf(attacker()), 'reader');
  await past();
  give(mallory, alice, group);
  const atMs = Date.now() + 19 * 3_600_000;
  signRaw(mallory, group, [`writeKeyFor_${idOf(mallory)}`, 'key_z1'], undefined, atMs);
  give(alice, mallory, group);
  expect(group.myRole()).toBe('admin');
  const sorted = vi.spyOn(Array.prototype, 'toSorted');
  group.removeMember(memberOf(mallory));
  const full = sorted.mock.contexts.filter((list) => (list as unknown[]).length > 100).length;
  sorted.mockRestore();
  expect(full).toBeLessThan(20);
});
