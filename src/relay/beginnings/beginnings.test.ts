import type { LocalNode, RawCoMap } from 'cojson';
import { describe, expect, it } from 'vitest';
import { createBoundAccount } from '../../../test/guard/bound-account.ts';
import { attacker, give, idOf, memberOf, viewOf } from '../../../test/guard/nodes.ts';
import {
  createAdmissionNode,
  type AdmissionClient,
  type AdmissionNode,
} from '../../../test/support/relay/admission-node.ts';
import type { Content, SessionContent, SessionID } from '../../engine/content.ts';
import { claimWithinMs } from './beginnings.ts';
import { createKnownPlaces, maxKnown } from './known-places.ts';

interface HasID {
  readonly id: string;
}

/** What a node's session has written into a value so far. */
function copyOf(node: LocalNode, { id }: HasID): SessionContent {
  const pieces = node.getCoValue(id as Content['id']).newContentSince(undefined) ?? [];
  const found = pieces.find((piece) => piece.new[node.currentSessionID])?.new[node.currentSessionID];
  if (!found) throw new Error('The session is not there.');
  return structuredClone(found);
}

const contentWith = ({ id }: HasID, sessionID: SessionID, content: SessionContent): Content => ({
  action: 'content',
  id: id as Content['id'],
  priority: 3,
  new: { [sessionID]: content },
});

/** Like the dependency queue: reads what is stored first, and passes on the same objects. */
async function bring(relay: AdmissionNode, client: AdmissionClient, content: Content): Promise<void> {
  await relay.beginnings.read(content);
  relay.node.syncManager.handleSyncMessage(content, client.peer);
}

const write = (map: RawCoMap, word: string, privacy: 'private' | 'trusting', atMs?: number) =>
  map.core.makeTransaction([{ op: 'set', key: 'word', value: word }], privacy, undefined, atMs);

/** Relays on one database, whose commits happen at once. */
function createRelays() {
  const stored = new Map<string, string>();
  const create = (sessions?: () => Record<string, number>) => {
    const commits: (() => void)[] = [];
    const relay = createAdmissionNode(1_000_000, {
      readCommitted: () => Promise.resolve(sessions && { sessions: sessions() }),
      readClaim: (digest) => Promise.resolve(stored.get(digest)),
      onceWritten: (_, run) => void commits.push(run),
    });
    return {
      relay,
      commit(content: Content) {
        for (const { digest, place } of relay.beginnings.claimsIn(content))
          if (!stored.has(digest)) stored.set(digest, place);
        for (const run of commits.splice(0)) run();
      },
    };
  };
  return { stored, create };
}

/** Alice has a map of her own, and may write into the victim's and the attacker's. */
function setUp(relay = createAdmissionNode()) {
  const [alice, bob, mallory] = [attacker(), attacker(), attacker()];
  const clients = {
    alice: relay.client('alice'),
    bob: relay.client('bob'),
    mallory: relay.client('mallory'),
  };
  const group = alice.createGroup();
  const mine = group.createMap();
  const mapFor = (owner: LocalNode) => {
    const shared = owner.createGroup();
    shared.addMember(memberOf(alice), 'writer');
    return shared.createMap({ word: 'first' });
  };
  const [target, trap] = [mapFor(bob), mapFor(mallory)];
  for (const map of [target, trap]) give(alice, map === target ? bob : mallory, map.group, map);
  clients.bob.sendFrom(bob, target.group, target);
  clients.mallory.sendFrom(mallory, trap.group, trap);
  const { currentSessionID: session } = alice;
  const counts = () => [mine, target, trap].map(({ id }) => relay.countOf(id, session));
  return { relay, alice, clients, group, mine, target, trap, session, counts };
}

describe('[RELAY-26] the beginning of a session of a stock account', () => {
  it.each([
    ['private', 1],
    ['private', 3],
    ['trusting', 1],
    ['trusting', 2],
    ['trusting', 3],
  ] as const)(
    'is refused in another CoValue, and its author can write there (%s, %i)',
    async (privacy, many) => {
      const { relay, alice, clients, group, mine, target, session, counts } = setUp();
      for (let count = 0; count < many; count++) write(mine, `mine ${count}`, privacy);
      clients.alice.sendFrom(alice, group, mine);
      await bring(relay, clients.mallory, contentWith(target, session, copyOf(alice, mine)));
      expect([relay.refused, counts()]).toEqual([[`copy ${session}`], [many, 0, 0]]);
      write(viewOf(alice, target), 'by Alice', 'private');
      clients.alice.sendFrom(alice, target);
      expect([relay.refused.length, counts()]).toEqual([1, [many, 1, 0]]);
    },
  );

  it('is refused under another session ID of its author', async () => {
    const { relay, alice, clients, group, mine } = setUp();
    write(mine, 'mine', 'private');
    clients.alice.sendFrom(alice, group, mine);
    const other = alice.crypto.newRandomSessionID(idOf(alice));
    await bring(relay, clients.mallory, contentWith(mine, other, copyOf(alice, mine)));
    expect([relay.refused, relay.countOf(mine.id, other)]).toEqual([[`copy ${other}`], 0]);
  });

  it('is refused for its session alone', async () => {
    const { relay, alice, clients, group, mine, trap, session } = setUp();
    write(mine, 'mine', 'private');
    clients.alice.sendFrom(alice, group, mine);
    const mallory = attacker();
    give(mallory, alice, trap.group, trap);
    trap.group.addMember(memberOf(mallory), 'writer');
    give(mallory, trap.core.node, trap.group);
    clients.mallory.sendFrom(trap.core.node, trap.group);
    write(viewOf(mallory, trap), 'honest', 'private');
    const both = {
      ...contentWith(trap, session, copyOf(alice, mine)).new,
      [mallory.currentSessionID]: copyOf(mallory, trap),
    };
    await bring(relay, clients.mallory, { ...contentWith(trap, session, copyOf(alice, mine)), new: both });
    expect(relay.refused).toEqual([`copy ${session}`]);
    expect(relay.countOf(trap.id, mallory.currentSessionID)).toBe(1);
    expect(clients.mallory.peer.closed).toBe(false);
  });

  it('is refused where its second transaction comes alone', async () => {
    const { relay, alice, clients, group, mine, trap, session, counts } = setUp();
    write(mine, 'one', 'trusting');
    const first = copyOf(alice, mine);
    write(mine, 'two', 'trusting');
    const both = copyOf(alice, mine);
    // Before the relay knows the true place.
    await bring(relay, clients.mallory, contentWith(trap, session, first));
    clients.alice.sendFrom(alice, group, mine);
    expect(counts()).toEqual([2, 0, 1]);
    const second = { ...both, after: 1, newTransactions: both.newTransactions.slice(1) };
    await bring(relay, clients.mallory, contentWith(trap, session, second));
    expect([relay.refused, counts()]).toEqual([[`copy ${session}`], [2, 0, 1]]);
  });

  it.each(['private', 'trusting'] as const)(
    'is taken in its place although a copy of it came first, long after its date (%s)',
    async (privacy) => {
      const { relay, alice, clients, group, mine, trap, session, counts } = setUp();
      const longAgoMs = relay.clock.nowMs() - claimWithinMs - 1;
      for (const word of ['one', 'two']) write(mine, word, privacy, longAgoMs);
      await bring(relay, clients.mallory, contentWith(trap, session, copyOf(alice, mine)));
      clients.alice.sendFrom(alice, group, mine);
      expect([relay.refused, counts()]).toEqual([[], [2, 0, 2]]);
    },
  );

  it('is taken in its place although a copy of it came first, to a relay that lost it', async () => {
    const { relay, alice, clients, group, mine, trap, session, counts } = setUp();
    write(mine, 'one', 'private', relay.clock.nowMs());
    relay.clock.advance(1);
    relay.beginnings.clear();
    await bring(relay, clients.mallory, contentWith(trap, session, copyOf(alice, mine)));
    clients.alice.sendFrom(alice, group, mine);
    expect([relay.refused, counts()]).toEqual([[], [1, 0, 1]]);
  });

  it('is refused long after its date if it came to its place in time', async () => {
    const { relay, alice, clients, group, mine, target, session, counts } = setUp();
    write(mine, 'one', 'private');
    clients.alice.sendFrom(alice, group, mine);
    relay.clock.advance(2 * claimWithinMs);
    await bring(relay, clients.mallory, contentWith(target, session, copyOf(alice, mine)));
    expect([relay.refused, counts()]).toEqual([[`copy ${session}`], [1, 0, 0]]);
  });

  it('is no copy with a false signature, which cojson refuses', async () => {
    const { relay, alice, clients, group, mine, target, session, counts } = setUp();
    write(mine, 'one', 'private');
    clients.alice.sendFrom(alice, group, mine);
    const { lastSignature } = copyOf(alice, group);
    const forged = { ...copyOf(alice, mine), lastSignature };
    await bring(relay, clients.mallory, contentWith(target, session, forged));
    expect([relay.refused, counts()]).toEqual([[], [1, 0, 0]]);
    await bring(relay, clients.bob, contentWith(target, session, copyOf(alice, mine)));
    expect([relay.refused, counts()]).toEqual([[`copy ${session}`], [1, 0, 0]]);
  });

  it('claims no place with an invalid signature', async () => {
    const { relay, alice, clients, group, mine, trap, session, counts } = setUp();
    write(mine, 'one', 'private');
    const { lastSignature } = copyOf(alice, group);
    await bring(
      relay,
      clients.mallory,
      contentWith(trap, session, { ...copyOf(alice, mine), lastSignature }),
    );
    clients.alice.sendFrom(alice, group, mine);
    expect([relay.refused, counts()]).toEqual([[], [1, 0, 0]]);
  });
});

describe('[RELAY-26] the places of beginnings in the database', () => {
  function setUpAlone(isAlone = true) {
    const relay = createAdmissionNode(1_000_000, { isAlone, onceWritten() {} });
    const { alice, group, mine, target, clients, session } = setUp(relay);
    clients.alice.sendFrom(alice, group);
    /** Whether the database is read for an edit of this age. */
    const isRead = (ageMs: number, map: RawCoMap = mine) => {
      write(map, 'mine', 'private', relay.clock.nowMs() - ageMs);
      return relay.beginnings.read(contentWith(map, session, copyOf(alice, map))) !== undefined;
    };
    return { relay, alice, clients, group, mine, target, session, isRead };
  }

  it.each([
    ['of what may claim its place now', 0, false],
    ['of what is older than the relay', 1, true],
    ['of what is dated far ahead', -claimWithinMs - 1, true],
  ])('are read if something else can be there: %s', (_, ageMs, isRead) => {
    expect(setUpAlone().isRead(ageMs)).toBe(isRead);
  });

  it('are read of what is late', () => {
    const { relay, isRead } = setUpAlone();
    relay.clock.advance(claimWithinMs + 1);
    expect(isRead(claimWithinMs + 1)).toBe(true);
  });

  it('are read if another relay may have written them', () => {
    expect(setUpAlone(false).isRead(0)).toBe(true);
  });

  it('are read of what is not dated after all that was forgotten', () => {
    const known = createKnownPlaces();
    for (let count = 0; count <= maxKnown; count++)
      known.learn({ digest: `${count}`, madeAtMs: count === 0 ? 5 : 1 }, 'place');
    expect([4, 5, 6].map(known.isComplete)).toEqual([false, false, true]);
    known.forget('1');
    known.learn({ digest: 'last', madeAtMs: 9 }, 'place');
    known.forget('last');
    expect([9, 10].map(known.isComplete)).toEqual([false, true]);
  });

  it('are read of what another place has, because this one may be stored, too', () => {
    const { relay, alice, clients, mine, target, session, isRead } = setUpAlone();
    expect(isRead(0)).toBe(false);
    clients.alice.sendFrom(alice, mine);
    expect(relay.beginnings.read(contentWith(target, session, copyOf(alice, mine)))).toBeDefined();
  });

  it('are read of what is as old as a claim that an earlier relay had made for another place', () => {
    const { relay, alice, group, mine, session, isRead } = setUpAlone();
    const lost = group.createMap();
    write(lost, 'lost', 'private', relay.clock.nowMs());
    relay.client('alice').sendFrom(alice, lost);
    expect(isRead(0)).toBe(false);
    relay.beginnings.lost({ id: lost.id, sessionID: session });
    expect(relay.beginnings.read(contentWith(mine, session, copyOf(alice, mine)))).toBeDefined();
  });
});

describe('[RELAY-26] what an author has signed twice in the same millisecond', () => {
  it('is taken from their own connection', async () => {
    const { relay, alice, clients, group, mine, target, counts, session } = setUp();
    const atMs = relay.clock.nowMs();
    write(mine, 'same', 'trusting', atMs);
    write(viewOf(alice, target), 'same', 'trusting', atMs);
    clients.alice.sendFrom(alice, group, mine);
    await bring(relay, clients.alice, contentWith(target, session, copyOf(alice, viewOf(alice, target))));
    expect([relay.refused, counts()]).toEqual([[], [1, 1, 0]]);
  });

  it('is taken from any connection as soon as it has something of its own', async () => {
    const { relay, alice, clients, group, mine, target, counts, session } = setUp();
    const atMs = relay.clock.nowMs();
    write(mine, 'same', 'trusting', atMs);
    write(viewOf(alice, target), 'same', 'trusting', atMs);
    clients.alice.sendFrom(alice, group, mine);
    const view = viewOf(alice, target);
    await bring(relay, clients.bob, contentWith(target, session, copyOf(alice, view)));
    expect([relay.refused, counts()]).toEqual([[`copy ${session}`], [1, 0, 0]]);
    write(view, 'other', 'trusting');
    await bring(relay, clients.bob, contentWith(target, session, copyOf(alice, view)));
    expect([relay.admitted, counts()]).toEqual([[session], [1, 2, 0]]);
  });

  it('is taken of groups, which begin alike', async () => {
    const { relay, alice, clients } = setUp();
    const groups = Array.from({ length: 20 }, () => alice.createGroup());
    for (const group of groups) {
      const content = { ...contentWith(group, alice.currentSessionID, copyOf(alice, group)) };
      await bring(relay, clients.bob, { ...content, header: group.core.verified.header });
    }
    expect(relay.refused).toEqual([]);
    for (const { id } of groups) expect(relay.countOf(id, alice.currentSessionID)).toBeGreaterThan(1);
  });

  it('is not taken for private content, which is never equal', () => {
    const { alice, group, relay } = setUp();
    const atMs = relay.clock.nowMs();
    const made = Array.from({ length: 100 }, () => {
      const map = group.createMap();
      write(map, 'same', 'private', atMs);
      return copyOf(alice, map).newTransactions.map(
        (one) => one.privacy === 'private' && one.encryptedChanges,
      );
    });
    expect(new Set(made.flat()).size).toBe(100);
  });
});

describe('[RELAY-26] a beginning on one of several relays', () => {
  it('is refused by another one, and by one that starts later', async () => {
    const { stored, create } = createRelays();
    const one = create();
    const { alice, clients, group, mine, target, session } = setUp(one.relay);
    write(mine, 'mine', 'private');
    clients.alice.sendFrom(alice, group, mine);
    const content = contentWith(mine, session, copyOf(alice, mine));
    one.commit(content);
    expect(stored.size).toBe(1);
    const { relay } = create();
    const client = relay.client('mallory');
    client.sendFrom(target.core.node, target.group, target);
    await bring(relay, client, contentWith(target, session, copyOf(alice, mine)));
    expect(relay.refused).toEqual([`copy ${session}`]);
  });

  it('is taken if it is stored, but not in memory', async () => {
    const { stored, create } = createRelays();
    const { relay } = create(() => ({ [session]: 1 }));
    const one = create();
    const { alice, clients, group, mine, session } = setUp(relay);
    write(mine, 'mine', 'private');
    one.relay.client('alice').sendFrom(alice, group, mine);
    one.commit(contentWith(mine, session, copyOf(alice, mine)));
    expect(stored.size).toBe(1);
    for (const digest of stored.keys()) stored.set(digest, 'elsewhere');
    clients.alice.sendFrom(alice, group);
    const content = contentWith(mine, session, copyOf(alice, mine));
    await bring(relay, clients.alice, { ...content, header: mine.core.verified.header });
    expect([relay.refused, relay.countOf(mine.id, session)]).toEqual([[], 1]);
  });

  it('is refused as soon as its author has a role, although the relay has read many others meanwhile', async () => {
    const { stored, create } = createRelays();
    const { relay, commit } = create();
    const { alice, clients, group, mine, session } = setUp(relay);
    write(mine, 'mine', 'private');
    clients.alice.sendFrom(alice, group, mine);
    const copy = copyOf(alice, mine);
    commit(contentWith(mine, session, copy));
    relay.clock.advance(2 * claimWithinMs);
    const carol = attacker();
    const team = carol.createGroup();
    const map = team.createMap();
    const carols = relay.client('carol');
    carols.sendFrom(carol, team, map);
    // It waits, because its author has no role yet.
    await bring(relay, clients.mallory, contentWith(map, session, copy));
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => {
        const other = structuredClone(copy);
        for (const one of other.newTransactions) one.madeAt += n + 1;
        return [alice.crypto.newRandomSessionID(idOf(alice)), other];
      }),
    );
    const [digest = ''] = stored.keys();
    stored.get = (asked: string) => (asked === digest ? 'its place' : 'another place');
    await relay.beginnings.read({ ...contentWith(map, session, copy), new: many });
    team.addMember(memberOf(alice), 'writer');
    carols.sendFrom(carol, team);
    expect([relay.refused, relay.countOf(map.id, session)]).toEqual([[`copy ${session}`], 0]);
  });

  it('goes out only once its place is committed, without what lost it', () => {
    const { create } = createRelays();
    const { relay, commit } = create();
    const { alice, clients, group, mine, session } = setUp(relay);
    write(mine, 'mine', 'private');
    clients.alice.sendFrom(alice, group, mine);
    const content = contentWith(mine, session, copyOf(alice, mine));
    const held = relay.beginnings.heldBack(content);
    expect(held?.()).toEqual(content);
    relay.beginnings.lost({ id: mine.id, sessionID: session });
    expect(held?.()).toEqual({ ...content, new: {} });
    commit(content);
    expect(relay.beginnings.heldBack(content)).toBeUndefined();
  });
});

it('needs no digest in sessions of a kernel’s account, or with a place', async () => {
  const { stored, create } = createRelays();
  const { relay, commit } = create();
  const client = relay.client('client');
  const account = await createBoundAccount();
  client.send(...account.content);
  const alice = await account.kernel();
  const group = alice.createGroup();
  const map = group.createMap({ word: 'first' });
  client.sendFrom(alice, group, map);
  for (const { id } of [group, map])
    commit(contentWith({ id }, alice.currentSessionID, copyOf(alice, { id })));
  expect([relay.countOf(map.id, alice.currentSessionID), stored.size]).toEqual([1, 0]);
});
