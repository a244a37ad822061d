import { expect, it } from 'vitest';
import { attempt } from './attack.ts';
import { attacker, give, idOf, nextMoment, viewOf } from './nodes.ts';
import { newDevice, signRaw, start } from './steps.ts';

it('[GROUP-8] [SEC-11] a map that a stranger names in its group, and has tried to delete, is read', async () => {
  const { secret, alice, group, map } = await start();
  const stranger = attacker();
  give(stranger, alice, group, map);
  // So the group waits for the map, and the map is taken in without its group.
  signRaw(stranger, group, [map.id, 'reader']);
  const sessionID = `${idOf(stranger)}_session_dzabcdef$` as const;
  stranger
    .getCoValue(map.id)
    .verified?.makeNewTrustingTransaction(
      sessionID,
      stranger.getCurrentAgent(),
      [],
      { deleted: map.id },
      Date.now(),
    );
  const second = await newDevice(secret, [stranger, group]);
  const taken = attempt(() => give(second, stranger, map));
  await nextMoment();
  expect([taken, attempt(() => viewOf(second, map).toJSON())]).toEqual(['done', { a: 1 }]);
});
