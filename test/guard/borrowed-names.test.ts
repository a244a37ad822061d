import type { LocalNode, RawCoList, RawGroup } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, give, idOf, kernelNodes, memberOf, newSecret, nextMoment, sign } from './nodes.ts';
import { newDevice, signPrivately } from './steps.ts';

/** Of no branch that exists. */
const someBranch = 'co_zAAAAAAAAAAAAAAAAAAAA';

function listOn(node: LocalNode, { id }: RawCoList): RawCoList<string> {
  return node.expectCoValueLoaded(id).getCurrentContent() as RawCoList<string>;
}

async function start(restrictDeletion: boolean) {
  const secret = newSecret();
  const [alice, wendy, mallory] = [await kernelNodes.honest(secret), await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  for (const node of [wendy, mallory]) group.addMember(memberOf(node), 'writer');
  const unique = alice.crypto.createdNowUnique();
  const list = group.createList(['first'], undefined, 'private', unique, undefined, { restrictDeletion });
  for (const node of [wendy, mallory]) give(node, alice, group, list);
  await nextMoment();
  const opened = () => newDevice(secret, [alice, group], [alice, list]);
  return { alice, wendy, mallory, list, opened };
}

it('[READ-5] an item in the name of another one’s session, with an empty branch, takes no place of theirs', async () => {
  const { alice, wendy, mallory, list, opened } = await start(false);
  const atMs = await nextMoment();
  await nextMoment();
  listOn(wendy, list).append('words', 0);
  give(mallory, wendy, list);
  const claim = { mi: 0, s: wendy.currentSessionID, b: '', t: 0 };
  signPrivately(mallory, list, [{ op: 'app', value: 'forged', after: 'start' }], claim, atMs);
  give(alice, wendy, list);
  give(alice, mallory, list);
  for (const node of [alice, await opened()]) {
    const authors = listOn(node, list)
      .entries()
      .map(({ value, opID }) => [value, opID.sessionID]);
    expect(authors).toContainEqual(['words', wendy.currentSessionID]);
    expect(authors).toContainEqual(['forged', mallory.currentSessionID]);
  }
});

it.each([someBranch, ''])(
  '[READ-3] where only managers delete, a writer deletes nothing in their name, with the branch "%s"',
  async (b) => {
    const { alice, mallory, list, opened } = await start(true);
    const s = alice.currentSessionID;
    const insertion = { sessionID: s, txIndex: 0, changeIdx: 0 };
    signPrivately(mallory, list, [{ op: 'del', insertion }], { mi: 900, s, b, t: 0 });
    give(alice, mallory, list);
    for (const node of [alice, await opened()]) expect(listOn(node, list).asArray()).toEqual(['first']);
  },
);

it('[READ-3] an edit that does not count any more has its own name, also where others saw it under another one', async () => {
  const { alice, wendy, mallory, list, opened } = await start(false);
  const beforeMs = await nextMoment();
  await nextMoment();
  signPrivately(mallory, list, []);
  await nextMoment();
  const claim = { mi: 0, s: mallory.currentSessionID, t: 0 };
  signPrivately(mallory, list, [{ op: 'app', value: 'gone', after: 'start' }], claim);
  give(wendy, mallory, list);
  await nextMoment();
  listOn(wendy, list).append('after it', listOn(wendy, list).asArray().indexOf('gone'));
  signPrivately(alice, list, [{ op: 'app', value: 'second', after: 'start' }]);
  // Wendy's edit and the end of Mallory's role meet later.
  const group = alice.expectCoValueLoaded(list.group.id).getCurrentContent() as RawGroup;
  sign(alice, group, [idOf(mallory), 'revoked'], { atMs: beforeMs });
  for (const [to, from] of [
    [wendy, alice],
    [alice, wendy],
  ] as const)
    give(to, from, group, list);
  for (const node of [wendy, alice, await opened()])
    expect(listOn(node, list).asArray()).toEqual(['first', 'second', 'after it']);
});
