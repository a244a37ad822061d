import { expect, it, vi } from 'vitest';
import { attacker, crypto, give, idOf, kernelNodes, memberOf, nextMoment, viewOf } from './nodes.ts';
import { signRaw } from './steps.ts';

it('[GROUP-10] a long chain of a writer’s own keys that nobody has is looked through once', async () => {
  const alice = await kernelNodes.honest();
  const [bob, mallory] = [await kernelNodes.honest(), attacker()];
  const group = alice.createGroup();
  for (const node of [bob, mallory]) group.addMember(memberOf(node), 'writer');
  const map = group.createMap({ a: 1 });
  for (const node of [bob, mallory]) give(node, alice, group, map);
  await nextMoment();
  const keys = Array.from({ length: 400 }, () => crypto.newRandomKeySecret());
  keys.forEach((toEncrypt, place) => {
    signRaw(mallory, group, [`writeKeyFor_${idOf(mallory)}`, toEncrypt.id]);
    const encrypting = keys[place + 1];
    if (!encrypting) return;
    const { encrypted } = crypto.encryptKeySecret({ encrypting, toEncrypt });
    signRaw(mallory, group, [`${toEncrypt.id}_for_${encrypting.id}`, encrypted]);
  });
  const { verified } = mallory.getCoValue(map.id);
  const [agent, changes] = [mallory.getCurrentAgent(), [{ op: 'set', key: 'x', value: 1 }]];
  for (const { id, secret } of keys.slice(0, 100))
    verified?.makeNewPrivateTransaction(
      mallory.currentSessionID,
      agent,
      changes,
      id,
      secret,
      undefined,
      Date.now(),
    );
  give(bob, mallory, group);
  const lookedFor = vi.spyOn(viewOf(bob, group), 'getUncachedReadKey');
  give(bob, mallory, map);
  expect(viewOf(bob, map).toJSON()).toEqual({ a: 1 });
  expect(lookedFor.mock.calls.length).toBeLessThanOrEqual(2 * keys.length);
}, 60_000);
