import { expect, it } from 'vitest';
import { seal } from './attack.ts';
import {
  attacker,
  crypto,
  give,
  holderOf,
  idOf,
  kernelNodes,
  memberOf,
  newSecret,
  nextMoment,
  viewOf,
} from './nodes.ts';
import { newDevice, signRaw, writeTo } from './steps.ts';

/** Bob joins by a link. */
async function start() {
  const secret = newSecret();
  const [alice, bob, mallory] = [await kernelNodes.honest(), await kernelNodes.honest(secret), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(mallory), 'manager');
  const map = group.createMap({ a: 1 });
  const invite = group.createInvite('writer');
  const keyID = group.get('readKey') ?? '';
  await nextMoment();
  give(bob, alice, group, map);
  await bob.acceptInvite(group.id, invite);
  await nextMoment();
  const link = holderOf(invite);
  for (const node of [link, mallory]) give(node, bob, group);
  const other = crypto.newRandomKeySecret().secret;
  return { secret, alice, bob, mallory, link, group, map, keyID, other };
}

it('[GROUP-4] who has the same link reveals another secret for the group’s key to a member in vain', async () => {
  const { secret, alice, bob, link, group, map, keyID, other } = await start();
  signRaw(link, group, [`${keyID}_for_${idOf(bob)}`, seal(link, group, other, bob)]);
  const second = await newDevice(secret, [link, group], [alice, map]);
  await nextMoment();
  expect(viewOf(second, map).get('a')).toBe(1);
  expect(writeTo(second, map)).toBe(1);
  give(alice, second, group, map);
  expect(viewOf(alice, map).get('c')).toBe(1);
});

it('[GROUP-4] a manager hides the right secret by no sealer, and not from whom an admin has added by a wrong one', async () => {
  const { alice, mallory, group, map, keyID, other } = await start();
  const secret = newSecret();
  const carol = await kernelNodes.honest(secret);
  group.addMember(memberOf(carol), 'writer');
  give(mallory, alice, group);
  await nextMoment();
  signRaw(mallory, group, [`${keyID}_for_${idOf(carol)}`, seal(mallory, group, other, carol)]);
  signRaw(mallory, group, ['groupSealer', `${keyID}@${crypto.groupSealerFromReadKey(other).publicKey}`]);
  const second = await newDevice(secret, [mallory, group], [alice, map]);
  await nextMoment();
  expect(viewOf(second, map).get('a')).toBe(1);
  expect(writeTo(second, map)).toBe(1);
});

it('[GROUP-4] a manager hides by no sealer the secret of a key that was made without one', async () => {
  const { mallory, alice, group, map, other } = await start();
  const { id, secret } = crypto.newRandomKeySecret();
  signRaw(alice, group, [`${id}_for_${idOf(alice)}`, seal(alice, group, secret, alice)]);
  signRaw(alice, group, ['readKey', id]);
  give(mallory, alice, group);
  await nextMoment();
  signRaw(mallory, group, ['readKey', id]);
  signRaw(mallory, group, ['groupSealer', `${id}@${crypto.groupSealerFromReadKey(other).publicKey}`]);
  const device = await newDevice(alice.agentSecret, [mallory, group], [alice, map]);
  expect(viewOf(device, group).getReadKey(id)).toBe(secret);
});
