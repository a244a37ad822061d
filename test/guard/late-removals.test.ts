import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { describe, expect, it } from 'vitest';
import { attacker, crypto, give, kernelNodes, memberOf, newSecret, nextMoment, viewOf } from './nodes.ts';
import { newDevice, signRaw } from './steps.ts';
import { until } from '../support/until.ts';

/** Alice and Bob are admins. Each of them, while they are apart, ends what one member may read and makes a new key. */
async function start() {
  const secret = newSecret();
  const [alice, bob] = [await kernelNodes.honest(secret), await kernelNodes.honest()];
  const [carol, dave, wendy] = [attacker(), attacker(), await kernelNodes.honest()];
  const group = alice.createGroup();
  group.addMember(memberOf(bob), 'admin');
  for (const member of [carol, dave]) group.addMember(memberOf(member), 'reader');
  group.addMember(memberOf(wendy), 'writer');
  const map = group.createMap({ title: 'first' });
  for (const node of [bob, carol, dave, wendy]) give(node, alice, group, map);
  await nextMoment();
  return { secret, alice, bob, carol, dave, wendy, group, map };
}

function exchange(one: LocalNode, other: LocalNode, ...values: readonly { readonly id: string }[]): void {
  give(one, other, ...values);
  give(other, one, ...values);
}

async function writeWords(node: LocalNode, map: RawCoMap): Promise<void> {
  await nextMoment();
  viewOf(node, map).set('words', 'private');
}

function wordsFor(reader: LocalNode, from: LocalNode, group: RawGroup, map: RawCoMap): unknown {
  give(reader, from, group, map);
  return viewOf(reader, map).get('words');
}

describe('two admins remove a member each while they are apart', () => {
  async function removeApart(isAliceFirst: boolean) {
    const world = await start();
    const { alice, bob, carol, dave, group } = world;
    const steps = [
      () => viewOf(alice, group).removeMember(memberOf(carol)),
      () => viewOf(bob, group).removeMember(memberOf(dave)),
    ];
    for (const remove of isAliceFirst ? steps : steps.toReversed()) {
      remove();
      await nextMoment();
    }
    return world;
  }

  it.each([true, false])(
    '[GROUP-9] neither reads what an admin writes later (Alice first: %s)',
    async (isAliceFirst) => {
      const { alice, bob, carol, dave, group, map } = await removeApart(isAliceFirst);
      exchange(alice, bob, group);
      await writeWords(alice, map);
      exchange(alice, bob, group, map);
      expect(viewOf(bob, map).get('words')).toBe('private');
      for (const reader of [carol, dave]) expect(wordsFor(reader, alice, group, map)).toBeUndefined();
    },
  );

  it('[GROUP-9] the device whose removal the other admin did not know replaces the key once it learns of that', async () => {
    const { alice, bob, carol, dave, wendy, group, map } = await removeApart(true);
    const before = viewOf(bob, group).get('readKey');
    exchange(alice, bob, group);
    await until(() => {
      expect(group.get('readKey')).not.toBe(before);
    });
    exchange(alice, wendy, group);
    await writeWords(wendy, map);
    for (const reader of [carol, dave]) expect(wordsFor(reader, wendy, group, map)).toBeUndefined();
    expect(wordsFor(alice, wendy, group, map)).toBe('private');
    expect(wordsFor(bob, alice, group, map)).toBe('private');
  });

  it('[GROUP-9] another device of an admin replaces the key when it opens the group, once', async () => {
    const { secret, alice, bob, group } = await removeApart(true);
    // Alice's device that removed Carol stays away.
    give(bob, alice, group);
    const leaked = viewOf(bob, group).get('readKey');
    const phone = await newDevice(secret, [bob, group]);
    const opened = viewOf(phone, group);
    await until(() => {
      expect(opened.get('readKey')).not.toBe(leaked);
    });
    const replaced = opened.get('readKey');
    const laptop = await newDevice(secret, [phone, group]);
    viewOf(laptop, group).createMap({ a: 1 });
    expect(viewOf(laptop, group).get('readKey')).toBe(replaced);
  });
});

it('[GROUP-9] who leaves reads nothing that an admin writes later', async () => {
  const { alice, carol, group, map } = await start();
  viewOf(carol, group).removeMember(memberOf(carol));
  give(alice, carol, group);
  await writeWords(alice, map);
  expect(wordsFor(carol, alice, group, map)).toBeUndefined();
});

it('[GROUP-9] who is removed from a group above while the group is closed reads nothing that an admin writes into it later', async () => {
  const { secret, alice, carol, group: parent } = await start();
  const group = alice.createGroup();
  group.extend(parent);
  const map = group.createMap({ title: 'first' });
  give(carol, alice, parent, group, map);
  expect(viewOf(carol, map).get('title')).toBe('first');
  await nextMoment();
  const phone = await newDevice(secret, [alice, parent]);
  viewOf(phone, parent).removeMember(memberOf(carol));
  give(alice, phone, parent);
  await writeWords(alice, map);
  give(carol, alice, parent);
  expect(wordsFor(carol, alice, group, map)).toBeUndefined();
});

it('[GROUP-9] a writeOnly member makes a new key when a reader of it is removed meanwhile', async () => {
  const { alice, carol, group, map } = await start();
  const erin = await kernelNodes.honest();
  viewOf(alice, group).addMember(memberOf(erin), 'writeOnly');
  give(erin, alice, group, map);
  await nextMoment();
  viewOf(alice, group).removeMember(memberOf(carol));
  await nextMoment();
  // Erin knows of no removal, and reveals her new key to Carol, too.
  const own = viewOf(erin, group);
  (
    own as unknown as { internalCreateWriteOnlyKeyForMember(member: string, agent: string): void }
  ).internalCreateWriteOnlyKeyForMember(memberOf(erin) as string, memberOf(erin) as string);
  exchange(alice, erin, group);
  await writeWords(erin, map);
  expect(wordsFor(alice, erin, group, map)).toBe('private');
  expect(wordsFor(carol, erin, group, map)).toBeUndefined();
});

describe('no key is replaced', () => {
  it('[GROUP-9] more than once for a removal', async () => {
    const { alice, bob, carol, group, map } = await start();
    viewOf(alice, group).removeMember(memberOf(carol));
    exchange(alice, bob, group);
    await writeWords(bob, map);
    await writeWords(alice, map);
    exchange(alice, bob, group);
    expect([...viewOf(alice, group).editsAt('readKey')]).toHaveLength(2);
  });

  it('[GROUP-9] where the members of a group above would lack the new one', async () => {
    const { alice, bob, carol, group } = await start();
    const other = bob.createGroup();
    give(alice, bob, other);
    viewOf(alice, group).extend(viewOf(alice, other));
    // As cojson did before it had sealers.
    signRaw(bob, other, ['readKey', crypto.newRandomKeySecret().id]);
    give(alice, bob, other);
    viewOf(carol, group).removeMember(memberOf(carol));
    exchange(alice, carol, group);
    const before = viewOf(alice, group).get('readKey');
    viewOf(alice, group).createMap({ a: 1 });
    expect(viewOf(alice, group).get('readKey')).toBe(before);
  });
});

it('[GROUP-9] although a relay makes up a session of an account that no device has', async () => {
  const secret = newSecret();
  const [alice, bob, carol, dave] = [
    await kernelNodes.honest(secret),
    await kernelNodes.honest(),
    attacker(),
    attacker(),
  ];
  const group = alice.createGroup();
  group.addMember(memberOf(bob), 'admin');
  for (const member of [carol, dave]) group.addMember(memberOf(member), 'reader');
  const map = group.createMap({ a: 1 });
  const phone = await newDevice(secret, [alice, group]);
  for (const node of [bob, carol, dave]) give(node, alice, group, map);
  await nextMoment();
  viewOf(phone, group).removeMember(memberOf(carol));
  await nextMoment();
  viewOf(bob, group).removeMember(memberOf(dave));
  give(alice, phone, group);
  give(alice, bob, group);
  expect(group.get(memberOf(carol) as 'everyone')).toBe('revoked');
  // It waits for an account that nobody has, so it needs no signature.
  const [content] = bob.getCoValue(group.id).newContentSince(undefined) ?? [];
  const [session] = Object.values(content?.new ?? {});
  const made = { co_zFakeFakeFakeFakeFakeFake_session_zFake: { ...session, after: 0 } };
  alice.syncManager.handleNewContent(structuredClone({ ...content, new: made }) as never, 'import');
  await nextMoment();
  map.set('words', 'private');
  give(carol, alice, group, map);
  expect(viewOf(carol, map).get('words')).toBeUndefined();
});
