import type { RawCoList, LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, give, kernelNodes, memberOf, nextMoment } from './nodes.ts';
import { signPrivately } from './steps.ts';

/** A writer with a changed client. */
async function start(kind: 'list' | 'text') {
  const alice = await kernelNodes.honest();
  const mallory = attacker();
  const group = alice.createGroup();
  group.addMember(memberOf(mallory), 'writer');
  const value = kind === 'list' ? group.createList([]) : group.createPlainText('');
  give(mallory, alice, group, value);
  await nextMoment();
  return { alice, mallory, value };
}

const listOn = (node: LocalNode, { id }: { readonly id: string }) =>
  node.expectCoValueLoaded(id as RawCoList['id']).getCurrentContent() as RawCoList;

it.each(['list', 'text'] as const)(
  '[READ-5] edits that name the place of an item of a %s do not multiply it',
  async (kind) => {
    const { alice, mallory, value } = await start(kind);
    const { currentSessionID: s } = mallory;
    const count = 16;
    const add = (index: number, meta: unknown, atMs: number) => {
      const after = index === 0 ? 'start' : { sessionID: s, txIndex: index - 1, changeIdx: 0 };
      signPrivately(mallory, value, [{ op: 'app', value: 'x', after }], meta, atMs);
    };
    const nowMs = Date.now() + 2 * count;
    // Each is dated before the item that it is next to.
    for (let index = 0; index < count; index++) add(index, undefined, nowMs - 2 * index);
    for (let index = 0; index < count; index++) add(index, { mi: index, s, t: 1 }, nowMs - 2 * index + 1);
    give(alice, mallory, value);
    expect(listOn(alice, value).asArray()).toHaveLength(count);
  },
);

it('[READ-5] thousands of items next to one that is dated between them cost no square of their number', async () => {
  const { alice, mallory, value } = await start('list');
  const after = { sessionID: mallory.currentSessionID, txIndex: 0, changeIdx: 0 };
  const nowMs = Date.now();
  const addMany = (atMs: number) => {
    signPrivately(
      mallory,
      value,
      Array<unknown>(4_800).fill({ op: 'app', value: 1, after }),
      undefined,
      atMs,
    );
  };
  signPrivately(mallory, value, [{ op: 'app', value: 1, after: 'start' }], undefined, nowMs);
  for (const place of [1, 2, 3]) addMany(nowMs + place);
  for (const place of [1, 2, 3]) addMany(nowMs - place);
  give(alice, mallory, value);
  const list = listOn(alice, value);
  const startMs = performance.now();
  list.rebuildFromCore();
  expect(list.asArray()).toHaveLength(6 * 4_800 + 1);
  // The square takes over 8 s.
  expect(performance.now() - startMs).toBeLessThan(4_000);
}, 60_000);
