import type { RawGroup } from 'cojson';
import { expect, it, vi } from 'vitest';
import {
  attacker,
  give,
  idOf,
  kernelNodes,
  memberOf,
  nextMoment,
  sign,
  viewOf,
} from '../../../test/guard/nodes.ts';
import { past } from '../../../test/guard/steps.ts';
import { judgeInMemory } from './group-in-memory.ts';

it('[GROUP-2] gives the roles at any date that cojson reads from what counts', async () => {
  const alice = await kernelNodes.honest();
  const [bob, carol, dave] = [attacker(), attacker(), attacker()];
  const [top, parent, child] = [alice.createGroup(), alice.createGroup(), alice.createGroup()];
  const dates: number[] = [];
  const steps = [
    () => top.addMember(memberOf(bob), 'manager'),
    () => parent.extend(top, 'reader'),
    () => child.extend(parent),
    () => parent.addMember(memberOf(carol), 'writer'),
    () => child.addMember(memberOf(carol), 'writeOnly'),
    () => parent.addMember('everyone', 'reader'),
    () => child.addMember(memberOf(dave), 'admin'),
    () => top.removeMember(memberOf(bob)),
    () => top.addMember('everyone', 'writer'),
    () => child.removeMember(memberOf(carol)),
    () => child.revokeExtend(parent),
    () => parent.removeMember('everyone'),
  ];
  for (const step of steps) {
    step();
    dates.push(await nextMoment());
    await nextMoment();
  }
  const members = [alice, bob, carol, dave].map(idOf);
  const table = (roleIn: (group: RawGroup, member: string, atMs: number) => unknown) =>
    [top, parent, child].map((group) =>
      dates.map((atMs) => members.map((member) => roleIn(group, member, atMs))),
    );
  expect(table((group, member, atMs) => judgeInMemory(group.core).roles.roleAt(member, atMs))).toEqual(
    table((group, member, atMs) => group.atTime(atMs).roleOfInternal(member as ReturnType<typeof idOf>)),
  );
});

it('[GROUP-2] judges again what rests on a group that has changed', async () => {
  const alice = await kernelNodes.honest();
  const [mallory, bob] = [attacker(), attacker()];
  const [parent, child] = [alice.createGroup(), alice.createGroup()];
  parent.addMember(memberOf(mallory), 'manager');
  child.extend(parent);
  await nextMoment();
  give(mallory, alice, parent, child);
  const atMs = Date.now();
  await nextMoment();
  sign(mallory, child, [idOf(bob), 'writer']);
  give(alice, mallory, child);
  expect(child.get(idOf(bob))).toBe('writer');
  // Dated before.
  sign(alice, parent, [idOf(mallory), 'revoked'], { atMs });
  await nextMoment();
  expect(child.get(idOf(bob))).toBeUndefined();
  expect(viewOf(alice, child).roleOfInternal(idOf(bob))).toBeUndefined();
});

it('[GROUP-2] judges and marks only what is new at the end, and else all', async () => {
  const alice = await kernelNodes.honest();
  const [bob, carol, dave] = [attacker(), attacker(), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(bob), 'manager');
  give(bob, alice, group);
  const atMs = await past();
  const [first] = group.core.verifiedTransactions;
  const mark = vi.spyOn(first ?? expect.fail(), 'markValid');
  group.addMember(memberOf(carol), 'reader');
  expect(group.get(idOf(carol))).toBe('reader');
  expect(mark).not.toHaveBeenCalled();
  sign(bob, group, [idOf(dave), 'reader'], { atMs });
  give(alice, bob, group);
  expect(group.get(idOf(dave))).toBe('reader');
  expect(mark).toHaveBeenCalled();
});
