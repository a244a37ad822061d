import { expect, it } from 'vitest';
import { attacker, idOf, memberOf, sign } from '../../../test/guard/nodes.ts';
import type { Content } from '../../engine/content.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { createMemberIndex } from './member-index.ts';

/** A group of which the index has read all so far. */
function setUp() {
  const owner = attacker();
  const group = owner.createGroup();
  const index = createMemberIndex(owner);
  index.of(group.id);
  /** Whether what is made meanwhile changes roles or parents. */
  const changes = (make: () => void) => {
    const before = getOrCreateCoValue(owner, group.id).knownState();
    make();
    const [content] = getOrCreateCoValue(owner, group.id).newContentSince(before) ?? [];
    return index.arrived(content as Content);
  };
  const standingOf = (id: string) => {
    const members = index.of(group.id);
    return typeof members === 'object' ? members.standingOf(id) : members;
  };
  return { owner, group, changes, standingOf };
}

it('[RELAY-25] a revelation changes no standing', () => {
  const { owner, group, changes } = setUp();
  const { id, secret } = group.getCurrentReadKey();
  expect(changes(() => sign(owner, group, [`${id}_for_${idOf(attacker())}`, String(secret)]))).toBe(false);
  expect(changes(() => group.addMember(memberOf(attacker()), 'reader'))).toBe(true);
});

it('[RELAY-22] a role counts although its JSON also names a key', () => {
  const { owner, group, changes, standingOf } = setUp();
  const bob = idOf(attacker());
  const { verified } = group.core;
  const makeAnyJson = (changesJson: string) => {
    const { stringify } = JSON;
    JSON.stringify = () => changesJson;
    try {
      verified.makeNewTrustingTransaction(
        owner.currentSessionID,
        owner.getCurrentAgent(),
        [],
        undefined,
        Date.now(),
      );
    } finally {
      JSON.stringify = stringify;
    }
  };
  const name = '"key":"key_z1_for_everyone"';
  for (const json of [
    `[{"op":"set",${name},"value":"x","key":"${bob}","value":"writer"}]`,
    `[{${name},"op":"set","key":"${bob}","value":"writer"}]`,
  ])
    expect(changes(() => makeAnyJson(json))).toBe(true);
  expect(standingOf(bob)).toBe('member');
});
