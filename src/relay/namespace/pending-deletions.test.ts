import { cojsonInternals, LocalNode, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { maxAwaitedGroups, maxPendingDeletions, pendingDeletionMs, recheckMs } from './pending-deletions.ts';
import { guardAgainstForks } from './fork-guard.ts';
import { attacker, idOf, memberOf, nextMoment, sign, viewOf } from '../../../test/guard/nodes.ts';
import { createRelayNode } from '../../engine/create-node.ts';
import type { Content } from '../../engine/content.ts';
import { until } from '../../../test/support/until.ts';

const crypto = await WasmCrypto.create();
// cojson logs every deletion that it refuses.
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}));

function newOwner(): LocalNode {
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
}

/**
 * A relay node with one client, with or without the guard, and an owner's content, to be fed to the relay piece by
 * piece.
 */
function setUp({ isGuarded = true } = {}) {
  const clock = createFakeClock();
  const relay = createRelayNode(crypto);
  const refused: string[] = [];
  if (isGuarded) {
    guardAgainstForks(relay, clock, {
      refused: (_, { id }) => refused.push(`fork ${id}`),
      deletionRefused: (_, id) => refused.push(id),
    });
  }
  const [client] = cojsonInternals.connectedPeers('client', 'relay', {
    peer1role: 'client',
    peer2role: 'server',
  });
  relay.syncManager.addPeer(client);
  const peer = relay.syncManager.peers['client'];
  if (!peer) throw new Error('The peer was not added.');
  const owner = newOwner();
  const group = owner.createGroup();
  const deleted = (map: RawCoMap) => {
    map.core.deleteCoValue();
    return map;
  };
  const piecesOf = ({ id }: Pick<RawCoMap, 'id'>): readonly Content[] =>
    owner.getCoValue(id).newContentSince(undefined) ?? [];
  const give = (...pieces: readonly Content[]) => {
    for (const piece of pieces) relay.syncManager.handleSyncMessage(piece, peer);
  };
  const giveHeader = () => give(...piecesOf(group).map((piece) => ({ ...piece, new: {} })));
  const isDeleted = ({ id }: Pick<RawCoMap, 'id'>) => relay.getCoValue(id).isDeleted;
  return { clock, refused, group, deleted, piecesOf, give, giveHeader, isDeleted, peer };
}

describe('a deletion that arrives before the transaction that permits it', () => {
  it('is lost in stock cojson, with everything else that the client sends for the CoValue', () => {
    const { group, deleted, piecesOf, give, giveHeader, isDeleted } = setUp({ isGuarded: false });
    giveHeader();
    const map = deleted(group.createMap());
    give(...piecesOf(map), ...piecesOf(group), ...piecesOf(map));
    expect(isDeleted(map)).toBe(false);
  });

  it('is accepted once that transaction arrives', async () => {
    const { clock, refused, group, deleted, piecesOf, give, giveHeader, isDeleted } = setUp();
    giveHeader();
    const map = deleted(group.createMap());
    give(...piecesOf(map));
    expect(isDeleted(map)).toBe(false);
    give(...piecesOf(group));
    await until(() => expect(isDeleted(map)).toBe(true));
    expect([refused, clock.waiting]).toEqual([[], 0]);
  });

  it('is checked again at most once a second, however often the group changes', async () => {
    const { clock, group, piecesOf, give, isDeleted } = setUp();
    const map = group.createMap();
    const member = attacker();
    group.addMember(memberOf(member), 'writer');
    for (const { id } of [group, map])
      for (const piece of piecesOf({ id }))
        member.syncManager.handleNewContent(structuredClone(piece), 'import');
    give(...piecesOf(group), ...piecesOf(map));
    member.getCoValue(map.id).makeTransaction([], 'trusting', { deleted: map.id }, Date.now() + 1_000);
    give(...(member.getCoValue(map.id).newContentSince(undefined) ?? []));
    for (const role of ['reader', 'writer', 'admin'] as const) {
      group.addMember(memberOf(member), role);
      give(...piecesOf(group));
      await nextMoment();
    }
    expect(isDeleted(map)).toBe(false);
    clock.advance(recheckMs);
    expect(isDeleted(map)).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('[SEC-11] is refused if that transaction does not arrive, and may be sent again', () => {
    const { clock, refused, group, deleted, piecesOf, give, giveHeader, isDeleted } = setUp();
    giveHeader();
    const map = deleted(group.createMap());
    give(...piecesOf(map), ...piecesOf(map));
    clock.advance(pendingDeletionMs - 1);
    expect(refused).toEqual([]);
    clock.advance(1);
    expect([refused, clock.waiting]).toEqual([[map.id], 0]);
    give(...piecesOf(group));
    expect(isDeleted(map)).toBe(false);
    give(...piecesOf(map));
    expect(isDeleted(map)).toBe(true);
  });

  it('is not checked again after the client disconnects', async () => {
    const { clock, refused, group, deleted, piecesOf, give, giveHeader, isDeleted, peer } = setUp();
    giveHeader();
    const map = deleted(group.createMap());
    give(...piecesOf(map));
    peer.gracefulShutdown();
    give(...piecesOf(group));
    await until(() => expect(clock.waiting).toBe(0));
    expect([isDeleted(map), refused, clock.waiting]).toEqual([false, [], 0]);
  });

  it('[RELAY-24] is refused if its author was removed since, whatever its date', async () => {
    const { clock, refused, group, deleted, piecesOf, give, isDeleted } = setUp();
    const map = group.createMap();
    give(...piecesOf(group), ...piecesOf(map));
    const mallory = attacker();
    group.addMember(memberOf(mallory), 'admin');
    for (const { id } of [group, map])
      for (const piece of piecesOf({ id }))
        mallory.syncManager.handleNewContent(structuredClone(piece), 'import');
    viewOf(mallory, map).core.deleteCoValue();
    await nextMoment();
    // The owner cannot remove an admin, but an admin can leave.
    sign(mallory, group, [idOf(mallory), 'revoked']);
    give(...(mallory.getCoValue(group.id).newContentSince(undefined) ?? []));
    give(...(mallory.getCoValue(map.id).newContentSince(undefined) ?? []));
    expect(isDeleted(map)).toBe(false);
    clock.advance(pendingDeletionMs);
    expect([refused, isDeleted(map)]).toEqual([[map.id], false]);
    give(...piecesOf(deleted(map)));
    expect(isDeleted(map)).toBe(true);
  });

  it('is refused immediately if others wait for too many groups, which the relay would have to keep in memory', () => {
    const { refused, group, deleted, piecesOf, give } = setUp();
    const groups = Array.from({ length: maxAwaitedGroups + 1 }, () => group.core.node.createGroup());
    const ids = [0, 1].flatMap(() =>
      groups.map((other) => {
        give(...piecesOf(other).map((piece) => ({ ...piece, new: {} })));
        const map = deleted(other.createMap());
        give(...piecesOf(map));
        return map.id;
      }),
    );
    expect(refused).toEqual([ids[maxAwaitedGroups], ids.at(-1)]);
  });

  it('is refused immediately if too many are pending', () => {
    const { refused, group, deleted, piecesOf, give, giveHeader } = setUp();
    giveHeader();
    const pieces = Array.from({ length: maxPendingDeletions + 1 }, () =>
      piecesOf(deleted(group.createMap())),
    ).flat();
    give(...pieces);
    expect(refused).toEqual([pieces.at(-1)?.id]);
  });
});
