import type { LocalNode, RawAccount, RawGroup } from 'cojson';
import type { Operation } from './honest-steps.ts';
import { choose, openGroups, type Outcome, type Shared } from './shared-values.ts';

type Member = Parameters<RawGroup['removeMember']>[0];

const roles = ['reader', 'writer', 'writer', 'writeOnly', 'manager', 'admin'] as const;
const inherited = ['inherit', 'inherit', 'reader', 'writer', 'manager', 'admin'] as const;
const forEveryone = ['reader', 'writer', 'writeOnly'] as const;
const rank = ['writeOnly', 'reader', 'writer', 'manager', 'admin'];

export async function operateOnGroup(
  node: LocalNode,
  operation: Operation,
  shared: Shared,
): Promise<Outcome> {
  const { kind, what, how, where, value } = operation;
  const all = openGroups(node, shared.groupIDs);
  const own = node.getCurrentAgent().id as string as Member & string;
  const others = shared.accountIDs.filter((id) => id !== own).map((id) => accountOf(node, id));
  const administered = choose(all.filter(isAdministrator), where);
  const ruled = choose(
    all.filter((group) => group.myRole() === 'admin'),
    where,
  );
  const done = (group: RawGroup, text = '') => ({ done: `${kind} ${text} in ${group.id}` });

  switch (kind) {
    case 'group': {
      const group = node.createGroup();
      for (const [index, member] of others.entries())
        if ((what >> index) % 2 === 0) group.addMember(member, choose(roles, how >> index) ?? 'writer');
      return { ...done(group), groupID: group.id };
    }
    case 'member': {
      const [member, role] = [choose(others, what), choose(roles, value)];
      if (!administered || !member || !role || administered.get(member.id) === role) return {};
      administered.addMember(member, role);
      return done(administered, `${member.id} ${role}`);
    }
    case 'remove': {
      const member = choose(
        others.filter(({ id }) => (administered?.get(id) ?? 'revoked') !== 'revoked'),
        what,
      );
      if (!administered || !member) return {};
      administered.removeMember(member);
      return done(administered, member.id);
    }
    case 'leave': {
      const group = choose(
        all.filter((one) => (one.get(own as 'everyone') ?? 'revoked') !== 'revoked'),
        where,
      );
      if (!group) return {};
      group.removeMember(own);
      return done(group);
    }
    case 'invite': {
      const role = choose(roles, value);
      if (!administered || !role) return {};
      const secret = administered.createInvite(role);
      return { ...done(administered, role), invite: { groupID: administered.id, role, secret } };
    }
    case 'accept': {
      const invite = choose(
        shared.invites.filter(({ groupID, role }) => {
          const group = all.find(({ id }) => id === groupID);
          return group && rank.indexOf(role) > rank.indexOf(group.myRole() ?? '') && isOpen(group);
        }),
        what,
      );
      if (!invite) return {};
      await node.acceptInvite(invite.groupID as RawGroup['id'], invite.secret);
      return { done: `accept ${invite.role} in ${invite.groupID}` };
    }
    case 'cancel': {
      const invite = choose(
        administered?.getMemberKeys().filter((key) => key.startsWith('sealer_')) ?? [],
        what,
      );
      if (!administered || invite === undefined) return {};
      administered.removeMember(invite as 'everyone');
      return done(administered, invite);
    }
    case 'extend': {
      const parent = choose(
        // Two who extend groups in a circle at the same time: stock cojson never reads these groups again.
        all.slice(0, ruled && all.indexOf(ruled)).filter((one) => one.myRole() !== undefined),
        what,
      );
      if (!ruled || !parent) return {};
      const role = choose(inherited, value) ?? 'inherit';
      ruled.extend(parent, role);
      return done(ruled, `${parent.id} ${role}`);
    }
    case 'unextend': {
      const parent = ruled && choose(ruled.getParentGroups(), what);
      if (!parent) return {};
      ruled.revokeExtend(parent);
      return done(ruled, parent.id);
    }
    case 'everyone': {
      if (!administered) return {};
      const role = choose(forEveryone, value) ?? 'reader';
      const now = administered.get('everyone') ?? 'revoked';
      if (now !== 'revoked' && how % 2 === 0) administered.removeMember('everyone');
      else administered.addMember('everyone', role);
      return done(administered, role);
    }
    case 'edit':
    case 'create':
      return {};
  }
}

const isAdministrator = (group: RawGroup) => group.myRole() === 'admin' || group.myRole() === 'manager';
const isOpen = (group: RawGroup) => group.getMemberKeys().some((key) => key.startsWith('sealer_'));

function accountOf(node: LocalNode, id: string): RawAccount {
  return node.expectCoValueLoaded(id as RawAccount['id']).getCurrentContent() as RawAccount;
}
