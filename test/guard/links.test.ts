import type { AccountRole, LocalNode } from 'cojson';
import { describe, expect, it } from 'vitest';
import { attacker, give, idOf, kernelNodes, memberOf, newSecret, nextMoment, viewOf } from './nodes.ts';

type Open = (secret?: ReturnType<typeof newSecret>) => Promise<LocalNode>;
const kinds: readonly (readonly [string, Open])[] = [
  ['a kernel', kernelNodes.honest],
  ['stock cojson', (secret) => Promise.resolve(attacker(secret))],
];

describe.each(kinds)('whoever joins with %s', (_kind, open) => {
  it.each<readonly [AccountRole, boolean, boolean]>([
    ['reader', true, false],
    ['writer', true, true],
    ['writeOnly', false, true],
    ['manager', true, true],
    ['admin', true, true],
  ])('[GROUP-4] by a link for a %s gets that role and its keys', async (role, reads, writes) => {
    const [owner, secret] = [await kernelNodes.honest(), newSecret()];
    const group = owner.createGroup();
    const map = group.createMap({ title: 'first' });
    const invite = group.createInvite(role);
    const joiner = await open(secret);
    give(joiner, owner, group, map);
    await nextMoment();
    await joiner.acceptInvite(group.id, invite);
    give(owner, joiner, group);
    expect(group.roleOfInternal(idOf(joiner))).toBe(role);
    expect(viewOf(joiner, map).get('title')).toBe(reads ? 'first' : undefined);
    if (!writes) return;
    await nextMoment();
    viewOf(joiner, map).set('answer', 'theirs');
    give(owner, joiner, group, map);
    expect(map.get('answer')).toBe('theirs');
    // Another device of the joiner, which loads all of it afresh.
    const second = await open(secret);
    give(second, owner, group, map);
    expect(viewOf(second, map).get('answer')).toBe('theirs');
    await nextMoment();
    viewOf(second, map).set('answer', 'changed');
    give(owner, second, group, map);
    expect(map.get('answer')).toBe('changed');
  });

  it.each<readonly [AccountRole, AccountRole]>([
    ['manager', 'writer'],
    ['writer', 'reader'],
    ['writer', 'writeOnly'],
    ['admin', 'manager'],
  ])('[GROUP-2] a %s keeps that role with a link for a %s', async (role, lesser) => {
    const [owner, joiner] = [await kernelNodes.honest(), await kernelNodes.honest()];
    const group = owner.createGroup();
    group.addMember(memberOf(joiner), role);
    const invite = group.createInvite(lesser);
    give(joiner, owner, group);
    await nextMoment();
    await joiner.acceptInvite(group.id, invite);
    give(owner, joiner, group);
    expect(group.roleOfInternal(idOf(joiner))).toBe(role);
  });

  it('[GROUP-4] writes into a group that everyone may write into, but not read', async () => {
    const [owner, stranger] = [await kernelNodes.honest(), await open()];
    const group = owner.createGroup();
    const map = group.createMap();
    group.addMember('everyone', 'writeOnly');
    give(stranger, owner, group, map);
    await nextMoment();
    viewOf(stranger, map).set('answer', 'theirs');
    give(owner, stranger, group, map);
    expect(map.get('answer')).toBe('theirs');
  });

  it('[GROUP-6] reads no more once they are removed, and the others do', async () => {
    const [owner, leaver, secret] = [await kernelNodes.honest(), await open(), newSecret()];
    const other = await open(secret);
    const group = owner.createGroup();
    const map = group.createMap();
    group.addMember(memberOf(leaver), 'manager');
    group.addMember(memberOf(other), 'writer');
    await nextMoment();
    group.removeMember(memberOf(leaver));
    await nextMoment();
    map.set('plan', 'private text');
    for (const node of [leaver, other]) give(node, owner, group, map);
    expect(viewOf(leaver, map).get('plan')).toBeUndefined();
    expect(viewOf(other, map).get('plan')).toBe('private text');
  });
});
