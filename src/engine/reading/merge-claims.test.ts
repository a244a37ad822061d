import type { RawCoList, RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { give, idOf, kernelNodes, memberOf, nextMoment, viewOf } from '../../../test/guard/nodes.ts';
import { until } from '../../../test/support/until.ts';

/** Bob has merged what Alice wrote in a branch. */
async function mergedByAnother() {
  const [alice, bob, carol] = [
    await kernelNodes.honest(),
    await kernelNodes.honest(),
    await kernelNodes.honest(),
  ];
  const group = alice.createGroup();
  for (const member of [bob, carol]) group.addMember(memberOf(member), 'writer');
  const map = group.createMap({ title: 'first' });
  const branch = map.core.createBranch('draft');
  const draft = branch.getCurrentContent() as RawCoMap;
  draft.set('title', 'second');
  draft.set('note', 'third');
  give(bob, alice, group, map, draft);
  bob.getCoValue(branch.id).mergeBranch();
  const authors = (node: typeof carol) =>
    ['title', 'note'].map((key) => viewOf(node, map).lastEditAt(key)?.by === idOf(alice));
  return { alice, bob, carol, group, map, draft, authors };
}

it('[READ-3] an edit that was merged is its first author’s on every device that has the branch', async () => {
  const { alice, bob, carol, group, map, draft, authors } = await mergedByAnother();
  expect(authors(bob)).toEqual([true, true]);
  give(alice, bob, map);
  expect(authors(alice)).toEqual([true, true]);
  give(carol, bob, group, map, draft);
  expect(authors(carol)).toEqual([true, true]);
});

it('[READ-3] an edit that was merged gets its first author’s name when the branch arrives', async () => {
  const { bob, carol, group, map, draft, authors } = await mergedByAnother();
  give(carol, bob, group, map);
  expect(viewOf(carol, map).toJSON()).toEqual({ title: 'second', note: 'third' });
  expect(authors(carol)).toEqual([false, false]);
  give(carol, bob, draft);
  await until(() => expect(authors(carol)).toEqual([true, true]));
  expect(viewOf(carol, map).toJSON()).toEqual({ title: 'second', note: 'third' });
});

it('[READ-3] a merged edit gets its first author’s name when the original edit arrives in a loaded branch', async () => {
  const { alice, bob, carol, group, map, draft } = await mergedByAnother();
  give(carol, bob, group, map, draft);
  draft.set('later', 'fourth');
  give(bob, alice, draft);
  bob.getCoValue(draft.id).mergeBranch();
  give(carol, bob, map);
  const isByAlice = () => viewOf(carol, map).lastEditAt('later')?.by === idOf(alice);
  expect([viewOf(carol, map).get('later'), isByAlice()]).toEqual(['fourth', false]);
  give(carol, bob, draft);
  await until(() => expect(isByAlice()).toBe(true));
});

it.each(['map', 'draft'] as const)(
  '[READ-3] a merged edit gets its first author’s name when that author’s right arrives, after the %s',
  async (first) => {
    const { alice, bob, carol, group, map, draft } = await mergedByAnother();
    const dan = await kernelNodes.honest();
    give(carol, alice, group, map, draft);
    await nextMoment();
    group.addMember(memberOf(dan), 'writer');
    give(dan, alice, group, map, draft);
    viewOf(dan, draft).set('later', 'fourth');
    give(bob, dan, group, draft);
    bob.getCoValue(draft.id).mergeBranch();
    for (const value of first === 'map' ? [map, draft] : [draft, map]) {
      give(carol, bob, value);
      viewOf(carol, value).toJSON();
    }
    const isByDan = () => viewOf(carol, map).lastEditAt('later')?.by === idOf(dan);
    expect([viewOf(carol, map).get('later'), isByDan()]).toEqual(['fourth', false]);
    give(carol, alice, group);
    await until(() => expect(isByDan()).toBe(true));
  },
);

it('[READ-3] devices with and without the branch show the same values', async () => {
  const { alice, bob, carol, group, map } = await mergedByAnother();
  viewOf(alice, map).set('title', 'fourth');
  give(bob, alice, map);
  give(carol, bob, group, map);
  expect(viewOf(carol, map).toJSON()).toEqual(viewOf(bob, map).toJSON());
});

it('[READ-3] a list that was merged has the same items in the same order without the branch', async () => {
  const [alice, bob, carol] = [
    await kernelNodes.honest(),
    await kernelNodes.honest(),
    await kernelNodes.honest(),
  ];
  const [group, own] = [alice.createGroup(), alice.createGroup()];
  for (const member of [bob, carol]) group.addMember(memberOf(member), 'writer');
  own.addMember(memberOf(bob), 'reader');
  const list = group.createList(['a', 'b', 'c']);
  // Carol cannot read the branch.
  const branch = list.core.createBranch('draft', own.id);
  const draft = branch.getCurrentContent() as RawCoList;
  draft.append('x', 0);
  draft.append('y', 1);
  draft.delete(1);
  draft.delete(3);
  give(bob, alice, group, own, list, draft);
  bob.getCoValue(branch.id).mergeBranch();
  give(carol, bob, group, list);
  const read = (node: typeof carol) => node.expectCoValueLoaded(list.id).getCurrentContent().toJSON();
  expect(read(bob)).toEqual(draft.toJSON());
  expect(read(carol)).toEqual(read(bob));
});
