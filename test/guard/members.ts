import { expect } from 'vitest';
import { attempt, readWith, revealToParent, roleIn, seal, withGroup, type Attack } from './attack.ts';
import { attacker, crypto, give, idOf, memberOf, newSecret, nextMoment, sign, viewOf } from './nodes.ts';

export const byMembers: readonly Attack[] = [
  {
    by: '[GROUP-6] a member',
    does: 'makes a group below, so that they cannot be removed',
    async run(nodes) {
      const { alice, group, map } = await withGroup(nodes);
      const mallory = attacker();
      group.addMember(memberOf(mallory), 'writer');
      give(mallory, alice, group, map);
      const own = mallory.createGroup();
      sign(mallory, own, [`parent_${group.id}`, 'extend']);
      sign(mallory, own, [map.id, 'reader']);
      revealToParent(viewOf(mallory, own), viewOf(mallory, group));
      give(alice, mallory, own);
      viewOf(alice, own);
      await nextMoment();
      return { removal: attempt(() => group.removeMember(memberOf(mallory))), role: roleIn(group, mallory) };
    },
    onStock: { removal: expect.stringContaining('throws') as unknown, role: 'writer' },
    onKernel: { removal: 'done', role: 'none' },
  },
  {
    by: '[GROUP-3] who was removed from the parent',
    does: 'adds a friend to the child by a date before',
    async run(nodes) {
      const alice = await nodes.honest();
      const [mallory, friend] = [attacker(), attacker()];
      const parent = alice.createGroup();
      parent.addMember(memberOf(mallory), 'manager');
      const child = alice.createGroup();
      child.extend(parent);
      await nextMoment();
      const atMs = await nextMoment();
      await nextMoment();
      parent.removeMember(memberOf(mallory));
      give(mallory, alice, parent, child);
      sign(mallory, child, [idOf(friend), 'manager'], { atMs });
      give(alice, mallory, child);
      return roleIn(child, friend);
    },
    onStock: 'manager',
    onKernel: 'none',
  },
  ...(['everyone', 'a member of a parent'] as const).map((to): Attack => ({
    by: '[GROUP-4] who was removed',
    does: `reveals another secret for the new key to ${to}, by a date before`,
    async run(nodes) {
      const [alice, carol, mallory] = [await nodes.honest(), await nodes.honest(), attacker()];
      const parent = alice.createGroup();
      parent.addMember(memberOf(carol), 'writer');
      const group = alice.createGroup();
      group.extend(parent);
      const map = group.createMap();
      group.addMember(memberOf(mallory), 'manager');
      await nextMoment();
      const atMs = await nextMoment();
      await nextMoment();
      group.removeMember(memberOf(mallory));
      give(mallory, alice, parent, group);
      const readKey = String(viewOf(mallory, group).get('readKey'));
      const own = crypto.newRandomKeySecret();
      const sealed = seal(mallory, group, own.secret, carol);
      if (to === 'everyone') sign(mallory, group, [`${readKey}_for_everyone`, own.secret], { atMs });
      else sign(mallory, group, [`${readKey}_for_${idOf(carol)}`, sealed], { atMs });
      give(carol, mallory, parent, group);
      give(carol, alice, parent, group, map);
      await nextMoment();
      viewOf(carol, map).set('plan', 'private text');
      give(mallory, carol, map);
      return readWith(own.secret, mallory, carol, map);
    },
    onStock: ['private text'],
    onKernel: [],
  })),
  {
    by: '[GROUP-1] a reader',
    does: 'leaves with a number for meta, and the group is unreadable',
    async run(nodes) {
      const secret = newSecret();
      const [alice, mallory] = [await nodes.honest(secret), attacker()];
      const group = alice.createGroup();
      group.addMember(memberOf(mallory), 'reader');
      give(mallory, alice, group);
      await nextMoment();
      attempt(() =>
        sign(mallory, group, [idOf(mallory), 'revoked'], { meta: 5 as unknown as { t: number } }),
      );
      const second = await nodes.honest(secret);
      give(second, mallory, group);
      return attempt(() => viewOf(second, group).myRole());
    },
    onStock: expect.stringContaining('throws') as unknown,
    onKernel: 'admin',
  },
];
