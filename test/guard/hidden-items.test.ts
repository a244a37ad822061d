import type { LocalNode, RawCoList } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, give, kernelNodes, memberOf, nextMoment } from './nodes.ts';
import { signPrivately } from './steps.ts';

/** A writer and a reader who choose where their items belong, and another writer. */
async function start() {
  const alice = await kernelNodes.honest();
  const [mallory, wendy, former] = [await kernelNodes.honest(), await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  for (const node of [mallory, wendy]) group.addMember(memberOf(node), 'writer');
  group.addMember(memberOf(former), 'reader');
  const list = group.createList(['first']);
  for (const node of [mallory, wendy, former]) give(node, alice, group, list);
  await nextMoment();
  return { alice, mallory, wendy, former, list };
}

const listOn = (node: LocalNode, { id }: RawCoList) =>
  node.expectCoValueLoaded(id).getCurrentContent() as RawCoList<string>;
const place = ({ currentSessionID: sessionID }: LocalNode, txIndex: number, changeIdx = 0) => ({
  sessionID,
  txIndex,
  changeIdx,
});

it('[READ-5] an item that is placed next to itself is shown at the end', async () => {
  const { alice, mallory, list } = await start();
  signPrivately(mallory, list, [{ op: 'app', value: 'after itself', after: place(mallory, 0) }]);
  signPrivately(mallory, list, [{ op: 'pre', value: 'before itself', before: place(mallory, 1) }]);
  give(alice, mallory, list);
  expect(listOn(alice, list).asArray()).toEqual(['first', 'after itself', 'before itself']);
});

it('[READ-5] a circle of items that name each other’s branch in the session is one, too', async () => {
  const { mallory, wendy, list } = await start();
  const branch = 'co_zAAAAAAAAAAAAAAAAAAAA';
  const { currentSessionID: s } = mallory;
  const add = (value: string, mi: number, next: number) => {
    const after = { sessionID: `${s}_branch_${branch}`, txIndex: next, changeIdx: 0 };
    signPrivately(mallory, list, [{ op: 'app', value, after }], { mi, s, b: branch, t: 0 });
  };
  add('one', 900, 901);
  give(wendy, mallory, list);
  await nextMoment();
  listOn(wendy, list).append('Wendy’s', 1);
  await nextMoment();
  add('other', 901, 900);
  give(wendy, mallory, list);
  expect(listOn(wendy, list).asArray()).toEqual(['first', 'one', 'Wendy’s', 'other']);
});

/** In the square of this, a test would take too long. */
const count = 4_500;
const timeout = 10_000;
const chainOf = (node: LocalNode, nextOf: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({
    op: 'app',
    value: 'x',
    after: place(node, 0, nextOf(index)),
  }));

it.each([
  ['a circle', (index: number) => (index + 1) % count],
  ['a way to a circle', (index: number) => (index === count - 1 ? index - 1 : index + 1)],
  ['a way to nowhere', (index: number) => index + 1],
])('[READ-5] many items in %s are soon shown', { timeout }, async (_, nextOf) => {
  const { alice, mallory, list } = await start();
  signPrivately(mallory, list, chainOf(mallory, nextOf));
  give(alice, mallory, list);
  expect(listOn(alice, list).asArray()).toHaveLength(count + 1);
});

it(
  '[READ-5] many items behind many that do not count are soon shown, and not placed again for each edit',
  { timeout },
  async () => {
    const { alice, mallory, former, list } = await start();
    signPrivately(
      former,
      list,
      chainOf(former, (index) => index + 1),
    );
    await nextMoment();
    signPrivately(
      mallory,
      list,
      Array.from({ length: count }, () => ({ op: 'app', value: 'x', after: place(former, 0) })),
    );
    give(alice, former, list);
    give(alice, mallory, list);
    const own = listOn(alice, list);
    expect(own.asArray()).toHaveLength(count + 1);
    const { version } = own;
    await nextMoment();
    own.append('last');
    expect(own.version).toBe(version);
  },
);
