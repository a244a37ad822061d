import { expect } from 'vitest';
import { attempt, readWith, roleIn, seal, withGroup, type Attack } from './attack.ts';
import {
  attacker,
  crypto,
  give,
  holderOf,
  idOf,
  memberOf,
  newSecret,
  nextMoment,
  sign,
  viewOf,
} from './nodes.ts';

export const byLinkHolders: readonly Attack[] = [
  {
    by: '[GROUP-2] who has a reader’s link',
    does: 'lowers the owner',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const link = holderOf(group.createInvite('reader'));
      give(link, alice, group);
      await nextMoment();
      sign(link, group, [idOf(alice), 'reader']);
      give(alice, link, group);
      return group.myRole();
    },
    onStock: 'reader',
    onKernel: 'admin',
  },
  {
    by: '[GROUP-2] who has a link',
    does: 'gives its role to everyone, and honest devices publish the key',
    async run(nodes) {
      const secret = newSecret();
      const alice = await nodes.honest(secret);
      const group = alice.createGroup();
      const link = holderOf(group.createInvite('writer'));
      give(link, alice, group);
      await nextMoment();
      sign(link, group, ['everyone', 'writer']);
      const second = await nodes.honest(secret);
      give(second, link, group);
      const view = viewOf(second, group);
      const isPublic = view.get(`${String(view.get('readKey'))}_for_everyone` as 'everyone') !== undefined;
      return { everyone: view.get('everyone') ?? 'nothing', isPublic };
    },
    onStock: { everyone: 'writer', isPublic: true },
    onKernel: { everyone: 'nothing', isPublic: false },
  },
  ...['a map', 'half an agent'].map((form): Attack => ({
    by: '[GROUP-1] who has a link',
    does: `gives its role to ${form}, and nobody can be removed any more`,
    async run(nodes) {
      const { alice, group, map } = await withGroup(nodes);
      const bob = attacker();
      group.addMember(memberOf(bob), 'writer');
      const link = holderOf(group.createInvite('reader'));
      give(link, alice, group);
      await nextMoment();
      const member = form === 'a map' ? map.id : 'sealer_zx/signer_zx';
      sign(link, group, [member, 'reader']);
      give(alice, link, group);
      return { removal: attempt(() => group.removeMember(memberOf(bob))), bob: roleIn(group, bob) };
    },
    onStock: { removal: expect.stringContaining('throws') as unknown, bob: 'writer' },
    onKernel: { removal: 'done', bob: 'none' },
  })),
  {
    by: '[GROUP-3] who kept a link',
    does: 'accepts it after it was revoked, by a date before',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const mallory = attacker();
      const invite = group.createInvite('writer');
      const link = holderOf(invite);
      await nextMoment();
      const atMs = await nextMoment();
      await nextMoment();
      group.removeMember(memberOf(link));
      give(link, alice, group);
      sign(link, group, [idOf(mallory), 'writer'], { atMs });
      give(alice, link, group);
      return roleIn(group, mallory);
    },
    onStock: 'writer',
    onKernel: 'none',
  },
  {
    by: '[GROUP-7] who has a link',
    does: 'adds a member tomorrow, who is to be removed today',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const bob = attacker();
      group.addMember(memberOf(bob), 'reader');
      const link = holderOf(group.createInvite('writer'));
      await nextMoment();
      give(link, alice, group);
      sign(link, group, [idOf(bob), 'writer'], { atMs: Date.now() + 19 * 60 * 60 * 1000 });
      give(alice, link, group);
      await nextMoment();
      return { removal: attempt(() => group.removeMember(memberOf(bob))), role: roleIn(group, bob) };
    },
    onStock: { removal: expect.stringContaining('throws') as unknown, role: 'writer' },
    onKernel: { removal: 'done', role: 'none' },
  },
  {
    by: '[GROUP-4] one of two with the same writeOnly link',
    does: 'chooses the key of the other, and reads what they write',
    async run(nodes) {
      const [alice, bob] = [await nodes.honest(), await nodes.honest()];
      const group = alice.createGroup();
      const map = group.createMap({});
      const invite = group.createInvite('writeOnly');
      await nextMoment();
      const atMs = await nextMoment();
      await nextMoment();
      give(bob, alice, group, map);
      await bob.acceptInvite(group.id, invite);
      const link = holderOf(invite);
      give(link, bob, group);
      const own = crypto.newRandomKeySecret();
      sign(link, group, [idOf(bob), 'writeOnly'], { atMs });
      sign(link, group, [`writeKeyFor_${idOf(bob)}`, own.id], { atMs });
      const sealed = seal(link, group, own.secret, bob);
      sign(link, group, [`${own.id}_for_${idOf(bob)}`, sealed], { atMs });
      give(bob, link, group);
      await nextMoment();
      viewOf(bob, map).set('answer', 'private text');
      give(link, bob, group, map);
      give(alice, bob, group, map);
      return { read: readWith(own.secret, link, bob, map), owner: map.get('answer') };
    },
    // The owner cannot read it either.
    onStock: { read: ['private text'] },
    onKernel: { read: [], owner: 'private text' },
  },
];
