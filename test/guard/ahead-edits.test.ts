import { CoValueCore } from 'cojson';
import { expect, it, vi } from 'vitest';
import { attacker, give, memberOf, sign, viewOf } from './nodes.ts';
import { past, start } from './steps.ts';

it('[GROUP-6] a writer dates edits of many maps ahead: a removal judges each map a few times, however many members get the key', async () => {
  const { alice, group } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'writer');
  for (let n = 0; n < 50; n++) group.addMember(memberOf(attacker()), 'reader');
  const maps = Array.from({ length: 10 }, () => group.createMap({ a: 1 }));
  await past();
  give(mallory, alice, group, ...maps);
  for (const map of maps) sign(mallory, map, ['b', 2], { atMs: Date.now() + 19 * 3_600_000 });
  give(alice, mallory, ...maps);
  for (const map of maps) expect(viewOf(alice, map).get('b')).toBe(2);
  const judged = vi.spyOn(CoValueCore.prototype, 'resetParsedTransactions');
  group.removeMember(memberOf(mallory));
  const { length } = judged.mock.calls;
  judged.mockRestore();
  expect(length).toBeLessThan(10 * maps.length);
  for (const map of maps) expect(viewOf(alice, map).get('b')).toBeUndefined();
});
