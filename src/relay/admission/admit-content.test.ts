import { describe, expect, it } from 'vitest';
import { attacker } from '../../../test/guard/nodes.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import { authorOf } from '../../engine/content.ts';
import { interceptContent } from '../../engine/node-events.ts';
import { maxNotices, noticeSpanMs } from './refused-sessions.ts';
import { maxAheadMs } from './time-rule.ts';
import { until } from '../../../test/support/until.ts';

/** A map with one edit of its owner, and an edit of the owner at any date. */
function setUp() {
  const relay = createAdmissionNode();
  const client = relay.client('client');
  const owner = attacker();
  const group = owner.createGroup();
  const map = group.createMap({ word: 'first' });
  client.sendFrom(owner, group, map);
  const write = (word: string, atMs: number) =>
    map.core.makeTransaction([{ op: 'set', key: 'word', value: word }], 'trusting', undefined, atMs);
  return { relay, client, owner, group, map, write, session: owner.currentSessionID };
}

it('[RELAY-17] content reaches cojson with the header of its CoValue, or not at all', () => {
  const { relay, owner, group, map } = setUp();
  const headers: unknown[] = [];
  interceptContent(relay.node, 'events', (next) => (content, from) => {
    headers.push(content.header);
    next(content, from);
  });
  const other = group.createMap({ word: 'other' });
  const stranger = relay.client('stranger');
  for (const { id, core } of [map, other]) {
    const header = { ...core.verified.header, createdAt: null, uniqueness: 'forged' };
    stranger.send({ action: 'content', id, priority: 3, header, new: {} });
  }
  relay.client('owner').sendFrom(owner, other);
  expect(headers).toEqual([map.core.verified.header, other.core.verified.header]);
});

describe('[RELAY-19] content that is dated more than 24 hours ahead of the relay’s clock', () => {
  it('is refused from there on, with what comes before kept', () => {
    const { relay, client, owner, map, write, session } = setUp();
    write('soon', relay.clock.nowMs() + maxAheadMs);
    client.sendFrom(owner, map);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[], 2]);

    write('far', relay.clock.nowMs() + maxAheadMs + 1);
    write('after it', relay.clock.nowMs());
    client.sendFrom(owner, map);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[`clock ${session}`], 2]);
  });

  it('is refused for its session alone', () => {
    const { relay, client, owner, group, map, write, session } = setUp();
    group.addMember('everyone', 'writer');
    const guest = attacker();
    client.sendFrom(owner, group);
    write('far', relay.clock.nowMs() + maxAheadMs + 1);
    for (const { id } of [group, map])
      for (const piece of owner.getCoValue(id).newContentSince(undefined) ?? [])
        guest.syncManager.handleNewContent(structuredClone(piece), 'import');
    guest.getCoValue(map.id).makeTransaction([{ op: 'set', key: 'guest', value: 1 }], 'trusting');
    client.sendFrom(guest, map);
    expect(relay.refused).toEqual([`clock ${session}`]);
    expect(relay.countOf(map.id, guest.currentSessionID)).toBe(1);
  });

  it('is admitted when the client sends it again at a time that fits', () => {
    const { relay, client, owner, map, write, session } = setUp();
    write('tomorrow', relay.clock.nowMs() + maxAheadMs + 1_000);
    client.sendFrom(owner, map);
    relay.clock.advance(1_000);
    client.sendFrom(owner, map);
    expect([relay.admitted, relay.countOf(map.id, session)]).toEqual([[session], 2]);
  });

  it('is reported once, and what follows it is not requested again and again', async () => {
    const { relay, client, owner, map, write, session } = setUp();
    write('far', relay.clock.nowMs() + maxAheadMs + 1);
    client.sendFrom(owner, map);
    const [piece] =
      owner.getCoValue(map.id).newContentSince(relay.node.getCoValue(map.id).knownState()) ?? [];
    if (!piece) throw new Error('There is no content.');
    client.send(piece);
    write('after it', relay.clock.nowMs());
    const full = owner.getCoValue(map.id).knownState();
    client.send(...(owner.getCoValue(map.id).newContentSince({ ...full, sessions: { [session]: 2 } }) ?? []));
    await until(() => expect(client.received.filter(({ action }) => action === 'known')).not.toEqual([]));
    expect(relay.refused).toEqual([`clock ${session}`]);
    expect(client.received.filter((message) => 'isCorrection' in message)).toEqual([]);
  });

  it('is answered with what the relay has, so that comparisons end', async () => {
    const { relay, client, owner, map, write, session } = setUp();
    write('far', relay.clock.nowMs() + maxAheadMs + 1);
    client.received.length = 0;
    client.sendFrom(owner, map);
    await until(() =>
      expect(client.received).toContainEqual(
        expect.objectContaining({ action: 'known', id: map.id, sessions: { [session]: 1 } }),
      ),
    );
  });

  it('is reported of all sessions, of many only when they are sent again, and the client stays connected', () => {
    const { relay, client, owner, map, write, session } = setUp();
    write('far', relay.clock.nowMs() + maxAheadMs + 2 * noticeSpanMs);
    const [piece] =
      owner.getCoValue(map.id).newContentSince(relay.node.getCoValue(map.id).knownState()) ?? [];
    const content = piece?.new[session];
    if (!piece || !content) throw new Error('There is no content.');
    const junk = Array.from(
      { length: maxNotices + 10 },
      (_, place) => [`${session}${place}`, { ...content, after: 0 }] as const,
    );
    const sendAgain = () => client.send({ ...piece, new: Object.fromEntries(junk) });
    sendAgain();
    sendAgain();
    expect(relay.refused).toHaveLength(maxNotices);
    relay.clock.advance(noticeSpanMs);
    sendAgain();
    sendAgain();
    expect(relay.refused).toEqual(junk.map(([sessionID]) => `clock ${sessionID}`));
    expect(client.peer.closed).toBe(false);
  });
});

describe('[RELAY-61] content of a blocked author', () => {
  it('is refused for its sessions alone, unless the relay has it already', () => {
    const { relay, client, owner, group, map, write, session } = setUp();
    group.addMember('everyone', 'writer');
    client.sendFrom(owner, group);
    relay.blocked.add(authorOf(session));
    const again = map.core.newContentSince(undefined) ?? [];
    client.send(...again);
    expect(relay.refused).toEqual([]);
    const guest = attacker();
    for (const { id } of [group, map])
      for (const piece of owner.getCoValue(id).newContentSince(undefined) ?? [])
        guest.syncManager.handleNewContent(structuredClone(piece), 'import');
    guest.getCoValue(map.id).makeTransaction([{ op: 'set', key: 'guest', value: 1 }], 'trusting');
    write('blocked', relay.clock.nowMs());
    for (const piece of map.core.newContentSince(undefined) ?? [])
      guest.syncManager.handleNewContent(structuredClone(piece), 'import');
    relay.client('guest').sendFrom(guest, map);
    expect(relay.refused).toEqual([`blocked ${session}`]);
    expect([relay.countOf(map.id, session), relay.countOf(map.id, guest.currentSessionID)]).toEqual([1, 1]);
  });
});

describe('[RELAY-62] content of a CoValue that is taken down', () => {
  it('is refused in full, and leaves not even a header', () => {
    const { relay, client, owner, group, map, write, session } = setUp();
    relay.takenDown.add(map.id);
    write('more', relay.clock.nowMs());
    client.sendFrom(owner, map);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[`taken-down ${session}`], 1]);
    const other = group.createMap({ word: 'other' });
    relay.takenDown.add(other.id);
    client.sendFrom(owner, other);
    expect(relay.refused).toHaveLength(2);
    expect(relay.node.getCoValue(other.id).verified).toBeNull();
  });
});
