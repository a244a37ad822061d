import { expect, it, vi } from 'vitest';
import { attacker, give, memberOf } from '../../../test/guard/nodes.ts';
import { signRaw } from '../../../test/guard/steps.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import type { GroupChange } from '../../engine/covalue-access.ts';
import { createGroupMembers } from './group-members.ts';
import { createRememberedStandings } from './remembered-standings.ts';

const many = 60;

/** A map whose group has many groups above, and a writer by the last of these. */
function setUp() {
  const relay = createAdmissionNode();
  const client = relay.client('client');
  const [owner, writer] = [attacker(), attacker()];
  const group = owner.createGroup();
  const map = group.createMap({ word: 'first' });
  const above = Array.from({ length: many }, () => owner.createGroup());
  above.at(-1)?.addMember(memberOf(writer), 'writer');
  for (const one of above) signRaw(owner, group, [`parent_${one.id}`, 'extend']);
  client.sendFrom(owner, ...above, group, map);
  give(writer, owner, ...above, group, map);
  const asked = vi.spyOn(relay.node, 'isCoValueInMemory');
  /** How often groups were looked up for one more edit. */
  const editBy = (author: typeof writer) => {
    signRaw(author, map, ['word', author.currentSessionID]);
    const before = asked.mock.calls.length;
    client.sendFrom(author, map);
    return asked.mock.calls.length - before;
  };
  return { relay, client, owner, writer, group, map, above, editBy };
}

it('[RELAY-25] an edit costs no more below many groups, once its author’s role was found', () => {
  const { relay, client, owner, writer, map, above, editBy } = setUp();
  expect(editBy(writer)).toBeGreaterThan(many);
  expect(editBy(writer)).toBeLessThan(many / 2);
  // A role is never taken back here.
  above[0]?.addMember(memberOf(attacker()), 'reader');
  client.sendFrom(owner, ...above.slice(0, 1));
  expect(editBy(writer)).toBeLessThan(many / 2);
  expect(relay.countOf(map.id, writer.currentSessionID)).toBe(3);
});

it('[RELAY-22] [RELAY-25] a role that a group above gives later counts at once', () => {
  const { relay, client, owner, map, above, editBy, group } = setUp();
  const late = attacker();
  give(late, owner, ...above, group, map);
  editBy(late);
  expect(relay.countOf(map.id, late.currentSessionID)).toBe(0);
  above[1]?.addMember(memberOf(late), 'writer');
  client.sendFrom(owner, ...above.slice(1, 2));
  expect(relay.countOf(map.id, late.currentSessionID)).toBe(1);
});

it('[RELAY-25] passing an edit on copies nothing of the groups above that the client has', () => {
  const { relay, writer, editBy } = setUp();
  editBy(writer);
  const [core] = relay.node.allCoValues();
  const copies = vi.spyOn(
    Object.getPrototypeOf(core?.verified) as { getSessions: () => unknown },
    'getSessions',
  );
  editBy(writer);
  expect(copies.mock.calls.length).toBeLessThan(many / 2);
  copies.mockRestore();
});

it('[RELAY-25] only what may still rise is asked again, after a change of a group that was asked', () => {
  const groups = new Map(['top', 'child'].map((id) => [id, createGroupMembers(id, 'owner')]));
  let index = 0;
  const add = (id: string, author: string, change: GroupChange) =>
    groups.get(id)?.add({ author, sessionID: `${author}_session_z1`, index: ++index, atMs: index, change });
  const find = vi.fn((id: string) => groups.get(id));
  const standings = createRememberedStandings(find);
  add('child', 'owner', { kind: 'parent', parentID: 'top', role: 'extend' });
  add('top', 'owner', { kind: 'role', member: 'member', role: 'writer' });
  const asks = (author: string, enough: 'member' | 'administrator') => {
    find.mockClear();
    return [standings.of('child', author, enough), find.mock.calls.length];
  };
  expect([asks('member', 'member'), asks('member', 'administrator'), asks('stranger', 'member')]).toEqual([
    ['member', 2],
    ['member', 0],
    ['none', 2],
  ]);
  standings.changed('other');
  expect(asks('stranger', 'member')).toEqual(['none', 0]);
  add('top', 'owner', { kind: 'role', member: 'member', role: 'admin' });
  standings.changed('top');
  expect(asks('member', 'member')).toEqual(['member', 0]);
  expect(asks('member', 'administrator')).toEqual(['administrator', 2]);
  standings.changed('top');
  expect(asks('member', 'administrator')).toEqual(['administrator', 0]);
});
