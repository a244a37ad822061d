import type { LocalNode, RawCoMap, RawGroup, SessionID } from 'cojson';
import { describe, expect, it } from 'vitest';
import {
  attacker,
  give,
  holderOf,
  idOf,
  memberOf,
  nextMoment,
  sign,
  viewOf,
} from '../../../test/guard/nodes.ts';
import { signRaw } from '../../../test/guard/steps.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import type { Content } from '../../engine/content.ts';
import { holdMs, maxHeldAuthors } from './held-content.ts';
import { until } from '../../../test/support/until.ts';

/** A group with a map that the relay has, and a client. */
function setUp() {
  const relay = createAdmissionNode();
  const client = relay.client('client');
  const owner = attacker();
  const group = owner.createGroup();
  const map = group.createMap({ word: 'first' });
  client.sendFrom(owner, group, map);
  return { relay, client, owner, group, map };
}

/** Another's edit of the map, made with what they need of it. */
function editBy(author: LocalNode, from: LocalNode, group: RawGroup, map: RawCoMap): SessionID {
  give(author, from, group, map);
  author.getCoValue(map.id).makeTransaction([{ op: 'set', key: idOf(author), value: 1 }], 'trusting');
  return author.currentSessionID;
}

const piecesOf = (node: LocalNode, { id }: { readonly id: string }): readonly Content[] =>
  node.getCoValue(id as Content['id']).newContentSince(undefined) ?? [];

describe('[RELAY-22] content of an author who never had a role', () => {
  it('is held, and refused after 30 s', async () => {
    const { relay, client, owner, group, map } = setUp();
    const session = editBy(attacker(), owner, group, map);
    const stranger = attacker();
    const strange = editBy(stranger, owner, group, map);
    client.sendFrom(stranger, map);
    relay.clock.advance(holdMs - 1);
    expect([relay.refused, relay.countOf(map.id, strange)]).toEqual([[], 0]);
    relay.clock.advance(1);
    expect([relay.refused, relay.countOf(map.id, strange)]).toEqual([[`no-role ${strange}`], 0]);
    expect([relay.clock.waiting, relay.countOf(map.id, session)]).toEqual([0, 0]);
    await until(() => expect(client.received).not.toEqual([]));
    expect(JSON.stringify(client.received)).not.toContain(strange);
  });

  it('costs the rest of the message nothing', () => {
    const { relay, client, owner, group, map } = setUp();
    const stranger = attacker();
    const strange = editBy(stranger, owner, group, map);
    map.set('word', 'second');
    give(stranger, owner, map);
    client.sendFrom(stranger, map);
    expect(relay.countOf(map.id, owner.currentSessionID)).toBe(2);
    expect(relay.countOf(map.id, strange)).toBe(0);
  });

  it('is admitted once the group gives the role, in order, also over another connection', () => {
    const { relay, client, owner, group, map } = setUp();
    const member = attacker();
    const session = editBy(member, owner, group, map);
    client.sendFrom(member, map);
    const before = member.getCoValue(map.id).knownState();
    member.getCoValue(map.id).makeTransaction([{ op: 'set', key: 'later', value: 2 }], 'trusting');
    client.send(...(member.getCoValue(map.id).newContentSince(before) ?? []));
    group.addMember(memberOf(member), 'writer');
    expect(relay.countOf(map.id, session)).toBe(0);
    relay.client('owner').sendFrom(owner, group);
    expect([relay.refused, relay.countOf(map.id, session), relay.clock.waiting]).toEqual([[], 2, 0]);
  });

  it('is admitted although the author was removed since', () => {
    const { relay, client, owner, group, map } = setUp();
    const member = attacker();
    group.addMember(memberOf(member), 'writer');
    const session = editBy(member, owner, group, map);
    group.removeMember(memberOf(member));
    client.sendFrom(owner, group);
    client.sendFrom(member, map);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[], 1]);
  });

  it('is admitted where everyone may write, but not where everyone once could', () => {
    const { relay, client, owner, group, map } = setUp();
    group.addMember('everyone', 'writer');
    const guest = attacker();
    const session = editBy(guest, owner, group, map);
    client.sendFrom(owner, group);
    client.sendFrom(guest, map);
    expect(relay.countOf(map.id, session)).toBe(1);
    const late = attacker();
    const junk = editBy(late, owner, group, map);
    group.removeMember('everyone');
    client.sendFrom(owner, group);
    client.sendFrom(late, map);
    relay.clock.advance(holdMs);
    expect(relay.refused).toEqual([`no-role ${junk}`]);
  });

  it('is held, also if it calls itself a deletion', () => {
    const { relay, client, owner, group, map } = setUp();
    const stranger = attacker();
    give(stranger, owner, group, map);
    for (const word of ['junk', 'more junk']) {
      signRaw(stranger, map, ['word', word], { deleted: map.id });
      client.sendFrom(stranger, map);
    }
    expect(relay.countOf(map.id, stranger.currentSessionID)).toBe(0);
    relay.clock.advance(holdMs);
    expect(relay.refused).toEqual([`no-role ${stranger.currentSessionID}`]);
  });

  it('is refused at once where the owner is no group', () => {
    const { relay, client, owner, group } = setUp();
    const stream = group.createStream();
    client.sendFrom(owner, stream);
    const stranger = attacker();
    give(stranger, owner, group, stream);
    const odd = stranger.createCoValue({
      type: 'comap',
      ruleset: { type: 'ownedByGroup', group: stream.id },
      meta: null,
      ...stranger.crypto.createdNowUnique(),
    });
    signRaw(stranger, odd, ['a', 1]);
    client.sendFrom(stranger, odd);
    expect(relay.refused).toEqual([`no-group ${stranger.currentSessionID}`]);
  });

  it('is admitted by the role in a group above, which may arrive later', () => {
    const { relay, client, owner, group, map } = setUp();
    const [above, top] = [owner.createGroup(), owner.createGroup()];
    const member = attacker();
    above.extend(top);
    group.extend(above);
    top.addMember(memberOf(member), 'writer');
    give(member, owner, top, above);
    const session = editBy(member, owner, group, map);
    client.sendFrom(member, map);
    client.sendFrom(owner, above, group);
    expect(relay.countOf(map.id, session)).toBe(0);
    client.sendFrom(owner, top);
    client.send(...relay.incomplete);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[], 1]);
  });

  it('beyond a number of authors is refused early, the oldest first, without an end of the connection', () => {
    const { relay, client, owner, group, map } = setUp();
    const stranger = attacker();
    const strange = editBy(stranger, owner, group, map);
    const content = piecesOf(stranger, map)[0]?.new[strange];
    const [piece] = piecesOf(owner, map);
    if (!content || !piece) throw new Error('There is no content.');
    const junk = Array.from({ length: maxHeldAuthors + 1 }, (_, place) => {
      const session = `co_zStranger${place}_session_z1`;
      return [session, content] as const;
    });
    client.send({ ...piece, new: Object.fromEntries(junk) });
    expect(relay.refused).toEqual([`no-role ${junk[0]?.[0]}`]);
    map.set('word', 'second');
    client.sendFrom(owner, map);
    expect([relay.countOf(map.id, owner.currentSessionID), client.peer.closed]).toEqual([2, false]);
    relay.admission.ended('client');
    expect(relay.clock.waiting).toBe(0);
  });
});

describe('[RELAY-23] in a group', () => {
  it('a stranger changes nothing, and the relay waits for nothing that they name', () => {
    const { relay, client, owner, group } = setUp();
    const stranger = attacker();
    give(stranger, owner, group);
    sign(stranger, group, [`parent_co_zGhost1111111111111111`, 'extend']);
    sign(stranger, group, [`writeKeyFor_${idOf(stranger)}`, String(group.get('readKey'))]);
    client.sendFrom(stranger, group);
    const { header } = group.core.verified;
    expect(relay.admission.mayName(group.id, header, stranger.currentSessionID)).toBe(false);
    expect(relay.admission.mayName(group.id, header, owner.currentSessionID)).toBe(true);
    relay.clock.advance(holdMs);
    expect(relay.refused).toEqual([`no-role ${stranger.currentSessionID}`]);
    expect(relay.node.getCoValue('co_zGhost1111111111111111').loadingState).toBe('unknown');
  });

  it('a member only sets and reveals their own write key, and leaves', () => {
    const { relay, client, owner, group } = setUp();
    const [honest, other] = [attacker(), attacker()];
    group.addMember(memberOf(honest), 'writeOnly');
    group.addMember(memberOf(other), 'reader');
    client.sendFrom(owner, group);
    for (const member of [honest, other]) give(member, owner, group);
    const { id: own } = honest.crypto.newRandomKeySecret();
    signRaw(honest, group, [`writeKeyFor_${idOf(honest)}`, own]);
    signRaw(honest, group, [`${own}_for_${idOf(owner)}`, 'sealed_U']);
    signRaw(honest, group, [idOf(honest), 'revoked']);
    client.sendFrom(honest, group);
    expect([relay.refused, relay.countOf(group.id, honest.currentSessionID)]).toEqual([[], 3]);
    signRaw(other, group, [idOf(owner), 'revoked']);
    client.sendFrom(other, group);
    relay.clock.advance(holdMs);
    expect(relay.refused).toEqual([`not-admin ${other.currentSessionID}`]);
  });

  it('an invite that was removed adds nobody more, and what it did before is kept', async () => {
    const { relay, client, owner, group } = setUp();
    const invite = group.createInvite('writer');
    const [holder, bob, late] = [holderOf(invite), attacker(), attacker()];
    give(holder, owner, group);
    viewOf(holder, group).addMemberInternal(idOf(bob), 'writer');
    give(owner, holder, group);
    await nextMoment();
    group.removeMember(memberOf(holder));
    sign(owner, group, [idOf(holder), 'revoked'], { meta: { heads: { [holder.currentSessionID]: 3 } } });
    client.sendFrom(owner, group);
    const seen = relay.countOf(group.id, holder.currentSessionID);
    expect(seen).toBeGreaterThan(0);
    sign(holder, group, [idOf(late), 'writer'], { atMs: Date.now() - 1 });
    client.sendFrom(holder, group);
    relay.clock.advance(holdMs);
    expect(relay.countOf(group.id, holder.currentSessionID)).toBe(seen);
  });

  it.each(['constructor', '__proto__', 'toString', 'some words'])(
    'an invite cannot set the key %s, which no rule of groups knows',
    (key) => {
      const { relay, client, owner, group } = setUp();
      const holder = holderOf(group.createInvite('reader'));
      give(holder, owner, group);
      client.sendFrom(owner, group);
      signRaw(holder, group, [key, 'reader']);
      client.sendFrom(holder, group);
      relay.clock.advance(holdMs);
      expect(relay.refused).toEqual([
        expect.stringMatching(`^(no-role|not-admin) ${holder.currentSessionID}$`),
      ]);
      expect(relay.countOf(group.id, holder.currentSessionID)).toBe(0);
    },
  );

  it('a change by who becomes an admin waits for what it names', () => {
    const { relay, client, owner, group } = setUp();
    const manager = attacker();
    group.addMember(memberOf(manager), 'admin');
    give(manager, owner, group);
    const named = manager.createGroup();
    const known = group.core.knownState();
    viewOf(manager, group).extend(named);
    client.send(...(manager.getCoValue(group.id).newContentSince(known) ?? []));
    expect(relay.incomplete).toEqual([]);
    client.sendFrom(owner, group);
    expect(relay.incomplete).toHaveLength(1);
    client.sendFrom(manager, named);
    client.send(...relay.incomplete);
    expect(relay.countOf(group.id, manager.currentSessionID)).toBeGreaterThan(0);
    expect(relay.refused).toEqual([]);
  });
});
