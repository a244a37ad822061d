import { expect, it } from 'vitest';
import { attacker, give, memberOf, nextMoment } from './nodes.ts';
import { start } from './steps.ts';

it('[READ-1] a malformed edit whose author loses the right to it hides no later edit', async () => {
  const { alice, group, map } = await start();
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'writer');
  give(mallory, alice, group, map);
  const { verified } = mallory.getCoValue(map.id);
  const laterMs = Date.now() + 60 * 60 * 1000;
  verified?.makeNewTrustingTransaction(
    mallory.currentSessionID,
    mallory.getCurrentAgent(),
    [null],
    undefined,
    laterMs,
  );
  give(alice, mallory, map);
  expect(map.toJSON()).toEqual({ a: 1 });
  await nextMoment();
  group.addMember(memberOf(mallory), 'reader');
  map.set('b', 2);
  map.set('c', 3);
  expect(map.toJSON()).toEqual({ a: 1, b: 2, c: 3 });
});
