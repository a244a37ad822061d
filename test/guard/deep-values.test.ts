import type { LocalNode, RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { attempt } from './attack.ts';
import { attacker, give, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';
import { newDevice } from './steps.ts';

/** Attackers write any text; what makes JSON here overflows before. */
function signDeep(node: LocalNode, { id }: RawCoMap, depth: number, meta?: object): void {
  const { verified } = node.getCoValue(id);
  const impl = (verified as unknown as { impl: { makeNewTrustingTransaction(...of: unknown[]): string } })
    .impl;
  const agent = node.getCurrentAgent();
  const text = `[{"op":"set","key":"deep","value":${'['.repeat(depth)}${']'.repeat(depth)}}]`;
  const result = impl.makeNewTrustingTransaction(
    node.currentSessionID,
    agent.currentSignerSecret(),
    text,
    meta && JSON.stringify(meta),
    Date.now(),
  );
  const made = JSON.parse(result) as { signature: never; transaction: never };
  const inner = verified as unknown as {
    updateSessionLogCache(...of: unknown[]): void;
    invalidateKnownStateCache(): void;
  };
  inner.updateSessionLogCache(node.currentSessionID, agent.id, [made.transaction], made.signature);
  inner.invalidateKnownStateCache();
}

it.each([15_000, 40_000])(
  '[READ-1] a member merges a value with %d levels that another one wrote: the map stays readable',
  async (depth) => {
    const [alice, mallory, mate] = [await kernelNodes.honest(), attacker(), attacker()];
    const group = alice.createGroup();
    for (const one of [mallory, mate]) group.addMember(memberOf(one), 'writer');
    const map = group.createMap({ title: 'first' });
    for (const one of [mallory, mate]) give(one, alice, group, map);
    await nextMoment();
    const branch = viewOf(mallory, map).core.createBranch('draft');
    const draft = { id: branch.id } as RawCoMap;
    signDeep(mallory, draft, depth);
    const index = (branch.verified?.getTransactionsCount(mallory.currentSessionID) ?? 0) - 1;
    signDeep(mate, map, depth, { mi: index, s: mallory.currentSessionID, b: branch.id });
    const fresh = await newDevice(
      alice.agentSecret,
      [alice, group],
      [alice, map],
      [mallory, draft],
      [mate, map],
    );
    expect(fresh.getCoValue(branch.id).isAvailable()).toBe(true);
    expect(attempt(() => viewOf(fresh, map).get('title'))).toBe('first');
  },
);

it('[READ-1] a member writes a value with 40,000 levels again: the map stays readable', async () => {
  const depth = 40_000;
  const [alice, mallory] = [await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(mallory), 'writer');
  const map = group.createMap({ title: 'first' });
  give(mallory, alice, group, map);
  await nextMoment();
  signDeep(mallory, map, depth);
  signDeep(mallory, map, depth, { mi: 0, s: mallory.currentSessionID });
  const fresh = await newDevice(alice.agentSecret, [alice, group], [alice, map], [mallory, map]);
  expect(attempt(() => viewOf(fresh, map).get('title'))).toBe('first');
});
