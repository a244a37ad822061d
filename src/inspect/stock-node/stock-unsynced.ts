import type { CoValueCore, LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { knownCountsOfState, covers, type KnownCounts } from '../../engine/known-counts.ts';
import { findCoValue, readTrackedPeers } from '../../engine/private-fields.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import type { Step } from '../../sync/sync-state.ts';
import { shownPeerID } from '../shared/peer-address.ts';

/**
 * The CoValues that cojson's tracker considers unsynced, oldest first. A node with `syncWhen: 'never'` tracks nothing, so
 * for it: this session's edits that no peer has. Unchanged entries stay the same objects.
 */
export function createStockUnsynced(node: LocalNode, clock: Clock): () => readonly UnsyncedCoValue[] {
  let known = new Map<string, UnsyncedCoValue>();
  return () => {
    const servers = serverPeersOf(node);
    const byID = new Map<string, UnsyncedCoValue>();
    for (const id of node.syncManager.unsyncedTracker.getAll()) {
      byID.set(id, read(id, readTrackedPeers(node, id), servers));
    }
    if (node.syncWhen === 'never') {
      for (const { id } of coValuesOfSession(node)) {
        if (!byID.has(id)) byID.set(id, read(id, [], servers));
      }
      for (const [id, { confirmed, trackedFor }] of byID) {
        if (confirmed === 'reached' && trackedFor?.length === 0) byID.delete(id);
      }
    }
    known = byID;
    return [...byID.values()].sort((a, b) => a.sinceMs - b.sinceMs);
  };

  function read(
    id: RawCoID,
    trackedFor: readonly string[] | 'unknown',
    servers: readonly PeerState[],
  ): UnsyncedCoValue {
    const before = known.get(id);
    const core = findCoValue(node, id);
    const need = core && knownCountsOfState(core.knownState());
    const missing = need ? servers.filter((peer) => !covers(confirmedBy(peer, id), need)) : servers;
    const isHandedOver = need !== undefined && servers.every((peer) => covers(handedTo(peer, id), need));
    const isConfirmed = servers.length > 0 && missing.length === 0;
    const coValue: UnsyncedCoValue = {
      id,
      sinceMs: before?.sinceMs ?? (core && oldestEditMs(core, missing)) ?? clock.nowMs(),
      saved: savedStep(id, need),
      // cojson cannot know whether content handed to a peer has left its socket.
      sent: isConfirmed ? 'reached' : servers.length > 0 && isHandedOver ? 'unknown' : 'pending',
      confirmed: isConfirmed ? 'reached' : 'pending',
      durable: 'unknown',
      missingAtPeerIDs: missing.map((peer) => shownPeerID(peer.id)),
      trackedFor: trackedFor === 'unknown' ? trackedFor : trackedFor.map(shownPeerID),
    };
    return before && isEqual(before, coValue) ? before : coValue;
  }

  function savedStep(id: RawCoID, need: KnownCounts | undefined): Step {
    if (!node.storage || !need) return 'unknown';
    return covers(knownCountsOfState(node.storage.getKnownState(id)), need) ? 'reached' : 'pending';
  }

  /** The time of the oldest missing transaction of this session; earlier sessions are ignored. */
  function oldestEditMs(core: CoValueCore, missing: readonly PeerState[]): number | undefined {
    const session = node.currentSessionID;
    const counts = missing.map((peer) => confirmedBy(peer, core.id)[session] ?? 0);
    const first =
      core.verified?.getSession(session)?.transactions[counts.length === 0 ? 0 : Math.min(...counts)];
    return first?.madeAt;
  }
}

/** Includes peers that are not persistent, because cojson sends every edit to each server. */
export function serverPeersOf(node: LocalNode): readonly PeerState[] {
  return Object.values(node.syncManager.peers).filter(({ role }) => role === 'server');
}

function* coValuesOfSession(node: LocalNode): Iterable<CoValueCore> {
  for (const core of node.allCoValues()) {
    if (core.isAvailable() && core.knownState().sessions[node.currentSessionID] !== undefined) yield core;
  }
}

function confirmedBy(peer: PeerState, id: RawCoID): KnownCounts {
  return knownCountsOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
}

function handedTo(peer: PeerState, id: RawCoID): KnownCounts {
  return knownCountsOfState(peer.getOptimisticKnownState(id) ?? { header: false, sessions: {} });
}
