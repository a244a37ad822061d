import type { RawCoMap } from 'cojson';
import { expect, it } from 'vitest';
import { attacker, give, kernelNodes, memberOf, viewOf } from '../../../test/guard/nodes.ts';
import { signPrivately, signRaw } from '../../../test/guard/steps.ts';
import { verdictsOf } from '../edit-verdicts.ts';

/** What another device shows of a map after a writer has signed something in it, and what becomes of that. */
async function after(sign: (writer: ReturnType<typeof attacker>, map: RawCoMap) => void) {
  const [alice, writer] = [await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  group.addMember(memberOf(writer), 'writer');
  const map = group.createMap({ a: 1 });
  give(writer, alice, group, map);
  sign(writer, map);
  give(alice, writer, map);
  const [last] = verdictsOf(viewOf(alice, map).core, writer.currentSessionID);
  return { json: map.toJSON(), reason: last?.[1]?.reason };
}

it('[READ-4] a transaction that names another map, or another session, counts nowhere', async () => {
  for (const placeOf of [
    (writer: ReturnType<typeof attacker>) => `co_zAnother/${writer.currentSessionID}`,
    (_: unknown, map: RawCoMap) => `${map.id}/co_z1_session_z1`,
  ]) {
    const sign = (writer: ReturnType<typeof attacker>, map: RawCoMap) =>
      signRaw(writer, map, ['b', 2], { at: placeOf(writer, map) });
    expect(await after(sign)).toEqual({ json: { a: 1 }, reason: 'malformed' });
  }
});

it('[READ-4] a transaction that names its own place, or none, counts', async () => {
  const named = await after((writer, map) =>
    signRaw(writer, map, ['b', 2], { at: `${map.id}/${writer.currentSessionID}` }),
  );
  expect(named).toEqual({ json: { a: 1, b: 2 }, reason: undefined });
  expect(await after((writer, map) => signRaw(writer, map, ['b', 2]))).toEqual(named);
});

it('[READ-1] a malformed private transaction is left out, and what follows it is read', async () => {
  const { json } = await after((writer, map) => {
    signPrivately(writer, map, { not: 'a list' });
    signPrivately(writer, map, [{ op: 'set', key: 'b', value: 2 }]);
  });
  expect(json).toEqual({ a: 1, b: 2 });
});

it('[READ-4] an app may use `at` and `deleted` in its own meta', async () => {
  const node = await kernelNodes.honest();
  const group = node.createGroup();
  const maps = (['private', 'trusting'] as const).flatMap((privacy) =>
    [{ at: 'noon' }, { deleted: true }].map((meta) => {
      const map = group.createMap();
      map.core.makeTransaction([{ op: 'set', key: 'a', value: 1 }], privacy, meta);
      map.processNewTransactions();
      return map;
    }),
  );
  const other = attacker();
  group.addMember(memberOf(other), 'reader');
  give(other, node, group, ...maps);
  for (const one of [node, other])
    expect(maps.map((map) => viewOf(one, map).toJSON())).toEqual(maps.map(() => ({ a: 1 })));
});
