import type { LocalNode, SessionID } from 'cojson';
import { expect, it } from 'vitest';
import { roleIn } from './attack.ts';
import { attacker, give, idOf, memberOf } from './nodes.ts';
import { past, signRaw, start } from './steps.ts';

/** Signs one change in a session of its own. */
function signIn(
  node: LocalNode,
  session: number,
  ...step: Parameters<typeof signRaw> extends [unknown, ...infer R] ? R : never
) {
  Object.assign(node, { currentSessionID: `${idOf(node)}_session_z${session}` as SessionID });
  signRaw(node, ...step);
}

it('[GROUP-3] the removal of a member with many sessions names only those in which they have changed roles', async () => {
  const { alice, group } = await start();
  const [mallory, friend, accomplice] = [attacker(), attacker(), attacker()];
  group.addMember(memberOf(mallory), 'manager');
  const atMs = await past();
  give(mallory, alice, group);
  const keyID = `writeKeyFor_${idOf(mallory)}`;
  for (let n = 1_000; n < 1_120; n++) signIn(mallory, n, group, [keyID, group.get('readKey') ?? '']);
  signIn(mallory, 2, group, [idOf(friend), 'writer']);
  signIn(mallory, 3, group, [idOf(friend), 'reader']);
  give(alice, mallory, group);
  const { sessionID, txIndex } = group.core.nextTransactionID();
  group.removeMember(memberOf(mallory));
  const removal = group.core.getTx({ sessionID, txIndex });
  expect(JSON.parse(String(removal?.meta))).toMatchObject({
    heads: { [`${idOf(mallory)}_session_z2`]: 1, [`${idOf(mallory)}_session_z3`]: 1 },
  });
  expect(String(removal?.meta).length).toBeLessThan(2_000);
  expect(roleIn(group, friend)).toBe('reader');
  give(mallory, alice, group);
  signIn(mallory, 1_050, group, [idOf(accomplice), 'writer'], undefined, atMs);
  give(alice, mallory, group);
  expect([roleIn(group, accomplice), roleIn(group, mallory)]).toEqual(['none', 'none']);
});
