import { expect, it, vi } from 'vitest';
import { acceptExtensions, type GroupGraph } from './circular-parents.ts';
import type { GroupChange, GroupTransaction } from './group-transaction.ts';

type Said = readonly [author: string, atMs: number, change: GroupChange];
const extend = (parentID: string): GroupChange => ({ kind: 'parent', parentID, role: 'extend' });
const give = (member: string, role: 'admin' | 'manager' | 'reader'): GroupChange => ({
  kind: 'role',
  member,
  role,
});

/** The initial admin of each group is called after it, and has made themselves admin first. */
function graphOf(groups: Readonly<Record<string, readonly Said[]>>): GroupGraph {
  const lists = new Map(
    Object.entries(groups).map(([id, said]) => {
      const admin = `admin of ${id}`;
      const all: readonly Said[] = [[admin, -1, give(admin, 'admin')], ...said];
      const transactions = all.map(([author, atMs, change], index) => ({
        author,
        sessionID: author,
        index,
        atMs,
        change,
      }));
      return [id, transactions.toSorted((a, b) => a.atMs - b.atMs)] as const;
    }),
  );
  return {
    transactionsOf: (groupID) => lists.get(groupID) ?? [],
    contextOf: (groupID) =>
      lists.has(groupID)
        ? { initialAdmin: `admin of ${groupID}`, isAccount: false, isOtherCoValue: () => false }
        : undefined,
  };
}

/** Each child decides for its own parents. */
const circlesIn = (graph: GroupGraph, pairs: readonly (readonly [string, string])[]) =>
  pairs.filter(([childID, parentID]) => {
    const accepted = acceptExtensions(childID, graph);
    const extends_ = ({ change }: GroupTransaction) =>
      change.kind === 'parent' && change.parentID === parentID && change.role !== 'revoked';
    return accepted && !graph.transactionsOf(childID).some((one) => extends_(one) && accepted.has(one));
  });

it('[GROUP-5] of two groups that extend each other, the later extension is void', () => {
  const graph = graphOf({ a: [['admin of a', 2, extend('b')]], b: [['admin of b', 1, extend('a')]] });
  expect(
    circlesIn(graph, [
      ['a', 'b'],
      ['b', 'a'],
    ]),
  ).toEqual([['a', 'b']]);
});

it('[GROUP-5] of equal dates, one is void on every device', () => {
  const graph = graphOf({ a: [['admin of a', 1, extend('b')]], b: [['admin of b', 1, extend('a')]] });
  expect(
    circlesIn(graph, [
      ['a', 'b'],
      ['b', 'a'],
    ]),
  ).toEqual([['b', 'a']]);
});

it('[GROUP-5] a circle of three loses its latest extension', () => {
  const graph = graphOf({
    a: [['admin of a', 1, extend('b')]],
    b: [['admin of b', 3, extend('c')]],
    c: [['admin of c', 2, extend('a')]],
  });
  expect(
    circlesIn(graph, [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ]),
  ).toEqual([['b', 'c']]);
});

it('[GROUP-5] no group extends itself', () => {
  const graph = graphOf({ a: [['admin of a', 1, extend('a')]] });
  expect(circlesIn(graph, [['a', 'a']])).toEqual([['a', 'a']]);
});

it('[GROUP-5] who can never be an administrator makes no circle', () => {
  const graph = graphOf({
    a: [['admin of a', 2, extend('b')]],
    b: [
      ['admin of b', 0, give('reader', 'reader')],
      ['reader', 1, extend('a')],
      ['stranger', 1, give('stranger', 'admin')],
      ['stranger', 1, extend('a')],
    ],
  });
  expect(circlesIn(graph, [['a', 'b']])).toEqual([]);
});

it('[GROUP-5] who is an administrator only by a parent can make one', () => {
  const graph = graphOf({
    above: [['admin of above', 0, give('other', 'admin')]],
    a: [['admin of a', 3, extend('b')]],
    b: [
      ['admin of b', 0, extend('above')],
      ['other', 1, extend('a')],
    ],
  });
  expect(
    circlesIn(graph, [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'above'],
    ]),
  ).toEqual([['a', 'b']]);
});

it('[GROUP-5] two ways up to the same group are no circle', () => {
  const graph = graphOf({
    top: [],
    left: [['admin of left', 1, extend('top')]],
    right: [['admin of right', 1, extend('top')]],
    below: [
      ['admin of below', 2, extend('left')],
      ['admin of below', 3, extend('right')],
    ],
  });
  expect(
    circlesIn(graph, [
      ['below', 'left'],
      ['below', 'right'],
      ['left', 'top'],
    ]),
  ).toEqual([]);
});

it.each(['reader', 'manager'] as const)(
  '[GROUP-5] a %s of the parent cannot take the child from its admins',
  (role) => {
    const graph = graphOf({
      a: [['admin of a', 2, extend('b')]],
      b: [
        ['admin of b', 0, give('other', role)],
        ['other', 1, { kind: 'parent', parentID: 'a', role: 'reader' }],
      ],
    });
    expect(circlesIn(graph, [['a', 'b']])).toEqual([]);
  },
);

it('[GROUP-5] who was removed cannot make a circle by a date before', () => {
  const graph = graphOf({ a: [['admin of a', 2, extend('b')]], b: [] });
  const [first] = graph.transactionsOf('b');
  const said: readonly Said[] = [
    ['admin of b', 0, give('other', 'manager')],
    ['other', 1, { kind: 'parent', parentID: 'a', role: 'manager' }],
    ['admin of b', 3, { kind: 'role', member: 'other', role: 'revoked' }],
  ];
  const transactions = said.map(([author, atMs, change], index) => ({
    author,
    sessionID: author,
    index,
    atMs,
    change,
    heads: {},
  }));
  const planted: GroupGraph = {
    ...graph,
    transactionsOf: (id) => (id === 'b' && first ? [first, ...transactions] : graph.transactionsOf(id)),
  };
  expect(circlesIn(planted, [['a', 'b']])).toEqual([]);
});

it('[GROUP-5] reads each of many groups in circles with one group a few times only', () => {
  const others = Array.from({ length: 40 }, (_, index) => `other ${index}`);
  const graph = graphOf({
    a: others.map((id, index): Said => ['admin of a', 100 + index, extend(id)]),
    ...Object.fromEntries(
      others.map((id, index): [string, readonly Said[]] => [id, [[`admin of ${id}`, index, extend('a')]]]),
    ),
  });
  const read = vi.spyOn(graph, 'transactionsOf');
  expect(circlesIn(graph, [['a', 'other 7']])).toEqual([['a', 'other 7']]);
  expect(read.mock.calls.length).toBeLessThan(10 * others.length);
});
