import { expect } from 'vitest';
import { attempt, readWith, withGroup, type Attack } from './attack.ts';
import {
  attacker,
  crypto,
  give,
  idOf,
  memberOf,
  newSecret,
  nextMoment,
  sign,
  viewOf,
  type Nodes,
} from './nodes.ts';

async function plantKey(nodes: Nodes, role?: 'writeOnly'): Promise<unknown> {
  const secret = newSecret();
  const [alice, mallory] = [await nodes.honest(secret), attacker()];
  const group = alice.createGroup();
  const map = group.createMap();
  if (role) group.addMember(memberOf(mallory), role);
  give(mallory, alice, group, map);
  const readKey = String(viewOf(mallory, group).get('readKey'));
  const own = crypto.newRandomKeySecret();
  await nextMoment();
  sign(mallory, group, [`writeKeyFor_${idOf(mallory)}`, readKey]);
  sign(mallory, group, [`${readKey}_for_everyone`, own.secret]);
  // Another device of Alice, which loads all of it afresh.
  const second = await nodes.honest(secret);
  give(second, mallory, group);
  give(second, alice, map);
  viewOf(second, map).set('plan', 'private text');
  give(mallory, second, map);
  return readWith(own.secret, mallory, second, map);
}

export const byStrangers: readonly Attack[] = [
  {
    by: '[GROUP-4] a stranger',
    does: 'plants the read key, and reads what is written next',
    run: (nodes) => plantKey(nodes),
    onStock: ['private text'],
    onKernel: [],
  },
  {
    by: '[GROUP-4] a writeOnly member',
    does: 'plants the read key, and reads what is written next',
    run: (nodes) => plantKey(nodes, 'writeOnly'),
    onStock: ['private text'],
    onKernel: [],
  },
  {
    by: '[GROUP-2] a stranger',
    does: 'revokes themselves ten years ahead, so that a removal begins then',
    async run(nodes) {
      const { alice, group } = await withGroup(nodes);
      const mallory = attacker();
      group.addMember('everyone', 'reader');
      give(mallory, alice, group);
      const tenYearsMs = 10 * 365 * 24 * 60 * 60 * 1000;
      sign(mallory, group, [idOf(mallory), 'revoked'], { atMs: Date.now() + tenYearsMs });
      give(alice, mallory, group);
      group.removeMember('everyone');
      return { everyone: group.get('everyone'), counted: group.get(idOf(mallory)) ?? 'nothing' };
    },
    onStock: { everyone: 'revoked', counted: 'revoked' },
    onKernel: { everyone: 'revoked', counted: 'nothing' },
  },
  {
    by: '[GROUP-1] a stranger',
    does: 'signs `null` in a group',
    async run(nodes) {
      const secret = newSecret();
      const [alice, mallory] = [await nodes.honest(secret), attacker()];
      const group = alice.createGroup();
      give(mallory, alice, group);
      attempt(() => mallory.getCoValue(group.id).makeTransaction([null], 'trusting'));
      const second = await nodes.honest(secret);
      give(second, mallory, group);
      return attempt(() => viewOf(second, group).myRole());
    },
    onStock: expect.stringContaining('throws Cannot read properties of null') as unknown,
    onKernel: 'admin',
  },
];
