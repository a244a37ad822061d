import type { LocalNode, RawCoList } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, give, kernelNodes, memberOf, newSecret, nextMoment } from './nodes.ts';
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
