import type { LocalNode, RawGroup } from 'cojson';
import { expect, it, vi } from 'vitest';
import { attacker, give, idOf, kernelNodes, memberOf, newSecret, nextMoment, sign, viewOf } from './nodes.ts';
import { newDevice, readKeyOf, signRaw } from './steps.ts';

type KeyID = ReturnType<RawGroup['getCurrentReadKey']>['id'];

/** Bob, a manager, replaces the key while Alice removes him, and Wendy writes with the new one before she learns of that. */
async function start(owner?: LocalNode, parent?: RawGroup) {
  const [ofAlice, ofWendy] = [newSecret(), newSecret()];
  const [alice, bob, wendy] = [
    await kernelNodes.honest(ofAlice),
    await kernelNodes.honest(),
    await kernelNodes.honest(ofWendy),
  ];
  const [dave, stranger] = [attacker(), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(bob), 'manager');
  group.addMember(memberOf(wendy), 'writer');
  group.addMember(memberOf(dave), 'reader');
  if (owner && parent) {
    for (const node of [alice, bob, wendy, dave]) give(node, owner, parent);
    group.extend(viewOf(alice, parent));
  }
  const earlyMs = await nextMoment();
  await nextMoment();
  const map = group.createMap({ a: 1 });
  for (const node of [bob, wendy, dave, stranger]) give(node, alice, group, map);
  await nextMoment();
  viewOf(alice, group).removeMember(memberOf(bob));
  await nextMoment();
  viewOf(bob, group).removeMember(memberOf(dave));
  give(wendy, bob, group);
  await nextMoment();
  viewOf(wendy, map).set('words', 'private');
  give(alice, wendy, group, map);
  give(wendy, alice, group);
  return { ofAlice, ofWendy, alice, bob, wendy, dave, stranger, group, map, earlyMs };
}

it('[GROUP-10] what was written with a key that does not count is read by those to whom it was revealed', async () => {
  const { ofAlice, ofWendy, alice, wendy, bob, group, map } = await start();
  const used = viewOf(bob, group).get('readKey');
  expect(group.get('readKey')).not.toBe(used);
  expect(viewOf(alice, map).get('words')).toBe('private');
  for (const secret of [ofAlice, ofWendy]) {
    const opened = await newDevice(secret, [alice, group], [wendy, map]);
    expect(viewOf(opened, map).get('words')).toBe('private');
  }
});

it('[GROUP-10] and by the members of a group above', async () => {
  const ofErin = newSecret();
  const [owner, erin] = [await kernelNodes.honest(), await kernelNodes.honest(ofErin)];
  const parent = owner.createGroup();
  parent.addMember(memberOf(erin), 'reader');
  parent.addMember('everyone', 'reader');
  const { wendy, alice, group, map } = await start(owner, parent);
  const opened = await newDevice(ofErin, [owner, parent], [alice, group], [wendy, map]);
  expect(viewOf(opened, map).get('words')).toBe('private');
});

/** Whoever signs it, and whether it counts or not. */
function revealTo(
  reader: LocalNode,
  node: LocalNode,
  group: RawGroup,
  { id, secret }: ReturnType<typeof reader.crypto.newRandomKeySecret>,
  atMs?: number,
): void {
  const { crypto, currentSessionID: sessionID } = node;
  const txIndex = node.getCoValue(group.id).verified?.getTransactionsCount(sessionID) ?? 0;
  const sealed = crypto.seal({
    message: secret,
    from: crypto.getAgentSealerSecret(node.agentSecret),
    to: crypto.getAgentSealerID(idOf(reader)),
    nOnceMaterial: { in: group.id, tx: { sessionID, txIndex } },
  });
  signRaw(node, group, [`${id}_for_${idOf(reader)}`, sealed], undefined, atMs);
}

it('[GROUP-10] a member who was never an administrator shows an edit to all members or to none', async () => {
  const [alice, frank, writer] = [await kernelNodes.honest(), await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  for (const node of [frank, writer]) group.addMember(memberOf(node), 'writer');
  const map = group.createMap({ a: 1 });
  for (const node of [frank, writer]) give(node, alice, group, map);
  const key = writer.crypto.newRandomKeySecret();
  revealTo(frank, writer, group, key);
  const { verified } = writer.getCoValue(map.id);
  const agent = writer.getCurrentAgent();
  const changes = [{ op: 'set', key: 'a', value: 2 }];
  verified?.makeNewPrivateTransaction(
    writer.currentSessionID,
    agent,
    changes,
    key.id,
    key.secret,
    undefined,
    await nextMoment(),
  );
  give(frank, writer, group, map);
  expect(viewOf(frank, map).get('a')).toBe(1);
});

it('[GROUP-10] nothing is written with a key that does not count, and nobody else gets it', async () => {
  const [alice, frank, former] = [await kernelNodes.honest(), await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(former), 'manager');
  await nextMoment();
  group.removeMember(memberOf(former));
  const map = group.createMap({ a: 1 });
  const { crypto } = alice;
  const keyID = group.get('readKey');
  if (!keyID) throw new Error('The group has no key.');
  // Frank is a member to whom nobody has revealed the key.
  sign(alice, group, [memberOf(frank) as string, 'manager']);
  for (const node of [former, frank]) give(node, alice, group, map);
  revealTo(frank, former, group, { id: keyID, secret: crypto.newRandomKeySecret().secret });
  give(frank, former, group);
  const own = viewOf(frank, group);
  expect(own.getReadKey(keyID)).toBeUndefined();
  viewOf(frank, map).set('words', 'private');
  expect(own.get('readKey')).not.toBe(keyID);
  own.addMember(memberOf(attacker()), 'reader');
  expect(own.keys().filter((key) => key.startsWith(`${keyID}_for_`))).toEqual([
    `${keyID}_for_${idOf(alice)}`,
  ]);
  // A right revelation is what counts as soon as it is here.
  const right = readKeyOf(group);
  viewOf(alice, group).addMember(memberOf(frank), 'admin');
  give(frank, alice, group);
  expect(own.getReadKey(keyID)).toBe(right);
});

it.each(['stranger', 'dave'] as const)(
  '[GROUP-10] a wrong secret that %s reveals for the key hides nothing',
  async (name) => {
    const world = await start();
    const { ofAlice, alice, bob, wendy, group, map, earlyMs, [name]: from } = world;
    const { id, secret } = {
      ...from.crypto.newRandomKeySecret(),
      id: viewOf(bob, group).get('readKey') as KeyID,
    };
    signRaw(from, group, [`writeKeyFor_${idOf(from)}`, id], undefined, earlyMs);
    revealTo(alice, from, group, { id, secret }, earlyMs);
    give(alice, from, group);
    give(alice, wendy, map, group);
    expect.soft(viewOf(alice, map).get('words')).toBe('private');
    const opened = await newDevice(ofAlice, [alice, group], [wendy, map]);
    expect(viewOf(opened, map).get('words')).toBe('private');
  },
);

it('[GROUP-10] many wrong revelations of keys that nobody has, and many edits with one, are tried once', async () => {
  const { alice, stranger: mallory, group, map } = await start();
  group.addMember(memberOf(mallory), 'writer');
  give(mallory, alice, group);
  await nextMoment();
  const { id, secret } = mallory.crypto.newRandomKeySecret();
  const others = Array.from({ length: 20 }, () => mallory.crypto.newRandomKeySecret().id);
  for (const keyID of [id, ...others]) {
    signRaw(mallory, group, [`writeKeyFor_${idOf(mallory)}`, keyID]);
    signRaw(mallory, group, [`${id}_for_${keyID}`, 'encrypted_UAAAA']);
    for (let index = 0; index < 50; index++)
      signRaw(mallory, group, [`${keyID}_for_${idOf(alice)}`, `sealed_U${'A'.repeat(60)}${index}`]);
  }
  const { verified } = mallory.getCoValue(map.id);
  const agent = mallory.getCurrentAgent();
  for (let index = 0; index < 300; index++)
    verified?.makeNewPrivateTransaction(
      mallory.currentSessionID,
      agent,
      [{ op: 'set', key: `${index}`, value: 1 }],
      id,
      secret,
      undefined,
      Date.now(),
    );
  give(alice, mallory, group);
  const unseal = vi.spyOn(alice.crypto, 'unseal');
  give(alice, mallory, map);
  expect(viewOf(alice, map).get('a')).toBe(1);
  // A few revelations of each key, by what counts and by what does not; and not for each edit.
  expect(unseal.mock.calls.length).toBeLessThanOrEqual(15 * (1 + others.length));
  unseal.mockClear();
  await nextMoment();
  viewOf(alice, map).set('b', 1);
  expect(viewOf(alice, map).get('b')).toBe(1);
  expect(unseal).not.toHaveBeenCalled();
  // The key is found as soon as it is revealed.
  revealTo(alice, mallory, group, { id, secret });
  give(alice, mallory, group);
  expect(viewOf(alice, map).get('7')).toBe(1);
});
