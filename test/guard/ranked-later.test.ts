import { expect, it } from 'vitest';
import { roleIn } from './attack.ts';
import { attacker, give, idOf, memberOf } from './nodes.ts';
import { newDevice, past, signRaw, start } from './steps.ts';

it('[GROUP-2] open and fresh devices agree on what a manager had seen ahead, although a stranger names those members administrators', async () => {
  const { secret, alice, group } = await start();
  const mallory = attacker();
  const stranger = attacker();
  group.addMember(memberOf(mallory), 'manager');
  await past();
  give(mallory, alice, group);
  const friends = Array.from({ length: 60 }, () => attacker());
  const baseMs = Date.now();
  const { length } = friends;
  friends.forEach((friend, n) => {
    signRaw(mallory, group, [idOf(friend), 'reader'], undefined, baseMs + 100 + n);
  });
  const seen = { [mallory.currentSessionID]: length };
  friends.forEach((friend, n) => {
    signRaw(mallory, group, [idOf(friend), 'revoked'], { ahead: seen }, baseMs + n);
  });
  give(alice, mallory, group);
  const before = friends.map((friend) => roleIn(group, friend));
  give(stranger, alice, group);
  for (const friend of friends)
    signRaw(stranger, group, [idOf(friend), 'manager'], undefined, baseMs + 10_000);
  give(alice, stranger, group);
  const fresh = await newDevice(secret, [alice, group]);
  const rolesOn = (view: typeof group) => friends.map((friend) => roleIn(view, friend));
  const open = rolesOn(group);
  const other = rolesOn(fresh.expectCoValueLoaded(group.id).getCurrentContent() as typeof group);
  expect(before.filter((role) => role === 'reader')).toEqual([]);
  expect(open).toEqual(other);
});
