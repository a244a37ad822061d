import type { RawGroup } from 'cojson';
import { afterEach, expect, it, vi } from 'vitest';
import { attacker, give, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';

const real = Date.now.bind(Date);

afterEach(() => {
  vi.restoreAllMocks();
});

function shiftClock(ms: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => real() + ms);
}

const keysOf = (group: RawGroup, member: ReturnType<typeof memberOf>) =>
  [...group.editsAt(`writeKeyFor_${member as 'co_z1'}` as 'everyone')].length;

it('[GROUP-4] a writeOnly member makes no key for each edit while an admin’s clock is half an hour fast', async () => {
  const [alice, dave, erin] = [await kernelNodes.honest(), attacker(), await kernelNodes.honest()];
  const group = alice.createGroup();
  for (const reader of [dave, ...Array.from({ length: 20 }, () => attacker())])
    group.addMember(memberOf(reader), 'reader');
  group.addMember(memberOf(erin), 'writeOnly');
  const map = group.createMap({ a: 1 });
  give(erin, alice, group, map);
  shiftClock(30 * 60_000);
  group.removeMember(memberOf(dave));
  shiftClock(0);
  give(erin, alice, group);
  const own = viewOf(erin, group);
  const before = keysOf(own, memberOf(erin));
  for (let i = 0; i < 20; i++) {
    await nextMoment();
    viewOf(erin, map).set('b', i);
  }
  expect(keysOf(own, memberOf(erin)) - before).toBeLessThan(4);
});
