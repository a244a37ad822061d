import { RawGroup } from 'cojson';
import { expect, it, vi } from 'vitest';
import { attacker, give, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';

type Layers = readonly (readonly [RawGroup, RawGroup])[];

/** Layers of two groups, each of which extends both of the layer above it. */
function layersBelow(top: RawGroup, count: number, role?: 'reader'): Layers {
  const { node } = top.core;
  const layers: (readonly [RawGroup, RawGroup])[] = [];
  for (let index = 0; index < count; index++) {
    const above = layers.at(-1) ?? [top];
    const layer = [node.createGroup(), node.createGroup()] as const;
    for (const group of layer) for (const parent of above) group.extend(parent, role);
    layers.push(layer);
  }
  return layers;
}

it.each(['reader', undefined] as const)(
  '[GROUP-6] a removal replaces the key of each group below once, on however many ways it is below (%s)',
  async (role) => {
    const [alice, dave, mallory] = [await kernelNodes.honest(), attacker(), await kernelNodes.honest()];
    const group = alice.createGroup();
    for (const node of [dave, mallory]) group.addMember(memberOf(node), 'reader');
    await nextMoment();
    give(mallory, alice, group);
    const below = layersBelow(viewOf(mallory, group), 5, role).flat();
    give(alice, mallory, ...below);
    const keys = vi.spyOn(alice.crypto, 'newRandomKeySecret');
    const members = vi.spyOn(RawGroup.prototype, 'getParentGroups');
    group.removeMember(memberOf(dave));
    expect(keys).toHaveBeenCalledTimes(role === undefined ? 1 + below.length : 1);
    expect(members.mock.calls.length).toBeLessThan(1_000);
    members.mockRestore();
  },
);

it('[GROUP-6] who is removed cannot read below a group on any of several ways', async () => {
  const [alice, dave] = [await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(dave), 'reader');
  const below = layersBelow(group, 3).flat();
  const [bottom] = below.slice(-1);
  const map = bottom?.createMap({ a: 1 }) ?? expect.fail();
  await nextMoment();
  group.removeMember(memberOf(dave));
  await nextMoment();
  map.set('b', 2);
  give(dave, alice, group, ...below, map);
  expect(viewOf(dave, map).get('a')).toBe(1);
  expect(viewOf(dave, map).get('b')).toBeUndefined();
});

it('[GROUP-2] finds a role by asking each group above once, on however many ways it is above', async () => {
  const alice = await kernelNodes.honest();
  const layers = layersBelow(alice.createGroup(), 9);
  const [bottom] = layers.at(-1) ?? expect.fail();
  const map = bottom.createMap({ a: 1 });
  await nextMoment();
  const ask = vi.spyOn(RawGroup.prototype, 'get');
  map.set('b', 2);
  expect(map.get('b')).toBe(2);
  expect(bottom.getAllMemberKeysSet()).toEqual(new Set([memberOf(alice)]));
  expect(ask.mock.calls.length).toBeLessThan(2_000);
  ask.mockRestore();
});

it('[GROUP-6] a removal replaces no key below a group whose own key is not replaced, because everyone may read it', async () => {
  const alice = await kernelNodes.honest();
  const bob = attacker();
  const [top, open, below] = [alice.createGroup(), alice.createGroup(), alice.createGroup()];
  open.extend(top);
  below.extend(open);
  open.addMember('everyone', 'reader');
  top.addMember(memberOf(bob), 'reader');
  const keysOf = () => [top, open, below].map((group) => group.get('readKey'));
  const before = keysOf();
  top.removeMember(memberOf(bob));
  expect(keysOf().map((key, place) => key === before[place])).toEqual([false, true, true]);
});
