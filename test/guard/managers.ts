import type { LocalNode } from 'cojson';
import { attempt, roleIn, withGroup, type Attack } from './attack.ts';
import { attacker, crypto, give, idOf, memberOf, newSecret, nextMoment, sign, viewOf } from './nodes.ts';

export const byManagers: readonly Attack[] = [
  {
    by: '[GROUP-2] a manager',
    does: 'becomes an admin by a parent of their own',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const mallory = attacker();
      group.addMember(memberOf(mallory), 'manager');
      const own = mallory.createGroup();
      give(mallory, alice, group);
      give(alice, mallory, own);
      await nextMoment();
      sign(mallory, group, [`parent_${own.id}`, 'admin']);
      give(alice, mallory, group);
      return roleIn(group, mallory);
    },
    onStock: 'admin',
    onKernel: 'manager',
  },
  {
    by: '[GROUP-2] a manager',
    does: 'stays a manager by a parent of their own',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const mallory = attacker();
      group.addMember(memberOf(mallory), 'manager');
      const own = mallory.createGroup();
      give(mallory, alice, group);
      give(alice, mallory, own);
      await nextMoment();
      sign(mallory, group, [`parent_${own.id}`, 'manager']);
      give(alice, mallory, group);
      await nextMoment();
      group.removeMember(memberOf(mallory));
      return roleIn(group, mallory);
    },
    onStock: 'manager',
    onKernel: 'none',
  },
  {
    by: '[GROUP-2] a manager',
    does: 'revokes the parent by which another is admin',
    async run(nodes) {
      const alice = await nodes.honest();
      const [mallory, carol] = [attacker(), attacker()];
      const parent = alice.createGroup();
      parent.addMember(memberOf(carol), 'admin');
      const group = alice.createGroup();
      group.extend(parent);
      group.addMember(memberOf(mallory), 'manager');
      give(mallory, alice, parent, group);
      await nextMoment();
      sign(mallory, group, [`parent_${parent.id}`, 'revoked']);
      give(alice, mallory, group);
      return roleIn(group, carol);
    },
    onStock: 'none',
    onKernel: 'admin',
  },
  {
    by: '[GROUP-2] a manager',
    does: 'nests six demotions, so that the owner loses the group',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const [mallory, bob] = [attacker(), attacker()];
      group.addMember(memberOf(mallory), 'manager');
      group.addMember(memberOf(bob), 'writer');
      await nextMoment();
      const managers = Array.from({ length: 5 }, () => attacker());
      const links = Array.from({ length: 6 }, () => attacker());
      const by = async (node: LocalNode | undefined, member: LocalNode | undefined, role: string) => {
        if (!node || !member) throw new Error('missing');
        await nextMoment();
        give(node, alice, group);
        sign(node, group, [idOf(member), role]);
        give(alice, node, group);
      };
      await by(mallory, managers[0], 'manager');
      await by(mallory, links[0], 'readerInvite');
      for (let i = 0; i < 5; i++) {
        await by(links[i], managers[i], 'reader');
        // Counts only if that was struck out.
        if (i < 4) await by(managers[i], managers[i + 1], 'manager');
        await by(managers[i], links[i + 1], 'readerInvite');
      }
      await by(links[5], alice, 'reader');
      await nextMoment();
      const owner = group.myRole();
      attempt(() => group.removeMember(memberOf(mallory)));
      return { owner, removed: roleIn(group, mallory) };
    },
    onStock: { owner: 'admin', removed: 'none' },
    onKernel: { owner: 'admin', removed: 'none' },
  },
  {
    by: '[GROUP-3] a manager',
    does: 'signs empty heads, which would undo another manager',
    async run(nodes) {
      const secret = newSecret();
      const alice = await nodes.honest(secret);
      const [one, other, bob] = [attacker(), attacker(), attacker()];
      const group = alice.createGroup();
      const map = group.createMap({ a: 1 });
      group.addMember(memberOf(one), 'manager');
      group.addMember(memberOf(other), 'manager');
      await nextMoment();
      give(one, alice, group, map);
      viewOf(one, group).addMember(memberOf(bob), 'writer');
      await nextMoment();
      give(bob, one, group, map);
      viewOf(bob, map).set('by bob', 'honest');
      await nextMoment();
      give(other, one, group);
      sign(other, group, [idOf(one), 'revoked'], { meta: { heads: {} } });
      const second = await nodes.honest(secret);
      give(second, other, group);
      give(second, bob, map);
      return viewOf(second, map).toJSON();
    },
    onStock: { a: 1, 'by bob': 'honest' },
    onKernel: { a: 1, 'by bob': 'honest' },
  },
  {
    by: '[GROUP-5] a manager',
    does: 'makes two groups each other’s parents',
    async run(nodes) {
      const secret = newSecret();
      const [alice, mallory] = [await nodes.honest(secret), attacker()];
      const group = alice.createGroup();
      group.addMember(memberOf(mallory), 'manager');
      const own = mallory.createGroup();
      give(mallory, alice, group);
      await nextMoment();
      sign(mallory, own, [`parent_${group.id}`, 'reader']);
      await nextMoment();
      sign(mallory, group, [`parent_${own.id}`, 'reader']);
      const second = await nodes.honest(secret);
      give(second, mallory, own, group);
      await nextMoment();
      return attempt(() => [viewOf(second, group).myRole(), viewOf(second, own).myRole()]);
    },
    onStock: 'throws Maximum call stack size exceeded',
    onKernel: ['admin', 'reader'],
  },
  {
    by: 'a manager',
    does: 'encrypts two keys with each other',
    async run(nodes) {
      const secret = newSecret();
      const [alice, mallory] = [await nodes.honest(secret), attacker()];
      const group = alice.createGroup();
      const map = group.createMap({ a: 1 });
      group.addMember(memberOf(mallory), 'manager');
      await nextMoment();
      give(mallory, alice, group);
      const [one, other] = [crypto.newRandomKeySecret().id, crypto.newRandomKeySecret().id];
      sign(mallory, group, [`${one}_for_${other}`, 'encrypted_Uxyz']);
      sign(mallory, group, [`${other}_for_${one}`, 'encrypted_Uxyz']);
      const second = await nodes.honest(secret);
      give(second, mallory, group);
      give(second, alice, map);
      return attempt(() => [
        viewOf(second, group).getReadKey(one) ?? 'unknown',
        viewOf(second, map).toJSON(),
      ]);
    },
    onStock: 'throws Maximum call stack size exceeded',
    onKernel: ['unknown', { a: 1 }],
  },
  {
    by: '[GROUP-1] a manager',
    does: 'dates a removal, in its meta, before they were a manager',
    async run(nodes) {
      const { alice, group, map } = await withGroup(nodes);
      const [bob, mallory] = [attacker(), attacker()];
      group.addMember(memberOf(bob), 'writer');
      give(bob, alice, group, map);
      const beforeMs = await nextMoment();
      await nextMoment();
      viewOf(bob, map).set('by bob', 'honest');
      give(alice, bob, map);
      await nextMoment();
      group.addMember(memberOf(mallory), 'manager');
      give(mallory, alice, group);
      const atMs = await nextMoment();
      const meta = { s: mallory.currentSessionID, mi: 0, t: atMs - beforeMs };
      sign(mallory, group, [idOf(bob), 'revoked'], { atMs, meta });
      give(alice, mallory, group);
      await nextMoment();
      return map.get('by bob') ?? 'nothing';
    },
    onStock: 'nothing',
    onKernel: 'honest',
  },
];
