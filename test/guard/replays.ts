import type { LocalNode, RawCoMap, RawCoValue } from 'cojson';
import { expect } from 'vitest';
import { sessionsOf, type Content } from '../../src/engine/content.ts';
import { attempt, withGroup, type Attack } from './attack.ts';
import { attacker, give, idOf, memberOf, newSecret, nextMoment, viewOf, type Nodes } from './nodes.ts';
import { signPrivately } from './steps.ts';

/** A relay hands over what a node wrote into one CoValue as if it were of another one. */
function replay(to: LocalNode, by: LocalNode, from: RawCoValue, into: RawCoValue): void {
  const [content] = by.getCoValue(from.id).newContentSince() ?? [];
  const own = sessionsOf(content as Content).filter(([sessionID]) => sessionID === by.currentSessionID);
  const message = { action: 'content', id: into.id, priority: 3, new: Object.fromEntries(own) };
  to.syncManager.handleNewContent(structuredClone(message) as unknown as Content, 'import');
}

/** Three devices of one person. The second has written nothing, and the third has opened nothing. */
async function threeDevices(nodes: Nodes) {
  const secret = newSecret();
  const alice = await nodes.honest(secret);
  const [second, third] = [await nodes.honest(secret), await nodes.honest(secret)];
  const group = alice.createGroup();
  const [paid, rent] = [group.createMap(), group.createMap({ amount: 1 })];
  for (const other of [second, third]) give(other, alice, group, paid, rent);
  await nextMoment();
  return { third, second, rent, paid: viewOf(second, paid) };
}

function read(node: LocalNode, value: RawCoMap): unknown {
  return attempt(() => viewOf(node, value).toJSON());
}

const replayed = (privacy: 'trusting' | 'private') => async (nodes: Nodes) => {
  const { third, second, rent, paid } = await threeDevices(nodes);
  paid.set('amount', 1_000, privacy);
  replay(third, second, paid, rent);
  return read(third, rent);
};

export const byRelays: readonly Attack[] = [
  {
    by: '[READ-4] a relay',
    does: 'replays a transaction that is not private in another map',
    run: replayed('trusting'),
    onStock: { amount: 1_000 },
    onKernel: { amount: 1 },
  },
  {
    by: '[READ-1] a relay',
    does: 'replays a private transaction in another map',
    run: replayed('private'),
    onStock: expect.stringContaining('throws') as unknown,
    onKernel: { amount: 1 },
  },
  {
    by: '[READ-4] a relay',
    does: 'replays a transaction that follows a private one',
    async run(nodes) {
      const { third, second, rent, paid } = await threeDevices(nodes);
      paid.set('note', 'private');
      paid.set('amount', 1_000, 'trusting');
      replay(third, second, paid, rent);
      return attempt(() => viewOf(third, rent).get('amount'));
    },
    onStock: expect.stringContaining('throws') as unknown,
    onKernel: 1,
  },
];

/** What the map has, and whether it seems to be by the other one. */
async function forge(nodes: Nodes, meta: (map: RawCoMap, alice: LocalNode) => unknown): Promise<unknown> {
  const { alice, group, map } = await withGroup(nodes);
  const mallory = attacker();
  group.addMember(memberOf(mallory), 'writer');
  give(mallory, alice, group, map);
  signPrivately(mallory, map, [{ op: 'set', key: 'vote', value: 'yes' }], meta(map, alice));
  give(alice, mallory, map);
  return [map.get('vote'), map.lastEditAt('vote')?.by === idOf(alice) ? 'by Alice' : 'by Mallory'];
}

export const withOthersNames: readonly Attack[] = [
  {
    by: '[READ-3] a writer',
    does: 'names the session of another member',
    run: (nodes) => forge(nodes, (_, alice) => ({ s: alice.currentSessionID, mi: 77, t: 1 })),
    onStock: ['yes', 'by Alice'],
    onKernel: ['yes', 'by Mallory'],
  },
  {
    by: '[READ-3] a writer',
    does: 'names an edit of a real branch, with another value',
    run: (nodes) =>
      forge(nodes, (map, alice) => {
        const branch = map.core.createBranch('draft');
        (branch.getCurrentContent() as RawCoMap).set('vote', 'no');
        return { s: alice.currentSessionID, mi: 1, t: 1, b: branch.id };
      }),
    onStock: ['yes', 'by Alice'],
    onKernel: ['yes', 'by Mallory'],
  },
];
