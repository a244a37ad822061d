import { LocalNode, type RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { crypto, give, holderOf, kernelNodes, newSecret, nextMoment, viewOf } from './nodes.ts';
import { signRaw } from './steps.ts';

/** Joins by a link, as cojson does: the link's own agent adds the account and reveals the key. */
async function joinBy(link: LocalNode, group: RawGroup) {
  const { node } = await LocalNode.withNewlyCreatedAccount({ creationProps: { name: 'x' }, crypto });
  const account = node.expectCurrentAccount('its own');
  give(link, node, account);
  viewOf(link, group).addMember(viewOf(link, account), 'writer');
  give(node, link, group);
  return { node, account };
}

it('[GROUP-4] who joined by a link keeps the key, whatever others with the link reveal after the key’s maker has seen them', async () => {
  const secret = newSecret();
  const alice = await kernelNodes.honest(secret);
  const group = alice.createGroup();
  const map = group.createMap({ a: 1 });
  const invite = group.createInvite('writer');
  const link = holderOf(invite);
  give(link, alice, group);
  const bob = await joinBy(link, group);
  const before = await nextMoment();
  // Alice opens the group.
  const second = await kernelNodes.honest(secret);
  give(second, bob.node, bob.account);
  give(second, link, group);
  viewOf(second, group);
  await nextMoment();
  const mallory = holderOf(invite);
  give(mallory, bob.node, bob.account);
  give(mallory, second, group);
  const keyID = String(viewOf(mallory, group).get('readKey'));
  for (const atMs of [before, Date.now()]) {
    for (let count = 0; count < 4; count++) {
      const message = crypto.newRandomKeySecret().secret;
      const from = mallory.getCurrentAgent().currentSealerSecret();
      const to = bob.node.getCurrentAgent().currentSealerID();
      const nOnceMaterial = { in: group.id, tx: mallory.getCoValue(group.id).nextTransactionID() };
      const field = `${keyID}_for_${bob.account.id}`;
      signRaw(mallory, group, [field, crypto.seal({ message, from, to, nOnceMaterial })], undefined, atMs);
    }
  }
  const own = await kernelNodes.honest();
  give(own, bob.node, bob.account);
  give(bob.node, mallory, group);
  give(bob.node, second, group);
  give(bob.node, alice, map);
  bob.node.getCoValue(group.id).resetParsedTransactions();
  viewOf(bob.node, map).set('b', 2);
  expect(viewOf(bob.node, map).toJSON()).toEqual({ a: 1, b: 2 });
});
