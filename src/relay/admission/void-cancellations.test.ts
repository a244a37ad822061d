import { expect, it } from 'vitest';
import { attacker, give, holderOf, idOf, memberOf, nextMoment, sign } from '../../../test/guard/nodes.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import { holdMs } from './held-content.ts';

it('[RELAY-23] takes what an invite does after a former manager has cancelled it, which does not count', async () => {
  const relay = createAdmissionNode();
  const client = relay.client('client');
  const [owner, manager, joiner] = [attacker(), attacker(), attacker()];
  const group = owner.createGroup();
  group.addMember(memberOf(manager), 'manager');
  const secret = group.createInvite('writer');
  const invite = idOf(holderOf(secret));
  give(manager, owner, group);
  give(joiner, owner, group);
  await nextMoment();
  group.removeMember(memberOf(manager));
  await nextMoment();
  // Without hearing of the removal, and so in vain.
  sign(manager, group, [invite, 'revoked']);
  give(owner, manager, group);
  expect(group.get(invite)).toBe('writerInvite');
  client.sendFrom(owner, group);
  await nextMoment();
  await joiner.acceptInvite(group.id, secret);
  client.sendFrom(joiner, group);
  relay.clock.advance(holdMs);
  give(owner, joiner, group);
  expect(group.roleOfInternal(idOf(joiner))).toBe('writer');
  expect(relay.refused).toEqual([]);
});
