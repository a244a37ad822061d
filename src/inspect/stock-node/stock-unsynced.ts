import type { CoValueCore, LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { coverageOfState, covers, type Coverage } from '../../engine/known-counts.ts';
import type { RungStep, UnsyncedCoValue } from '../../sync/inspection.ts';
import { findCoValue, readTrackedFor } from '../../engine/private-fields.ts';
import { shownPeerID } from '../shared/peer-address.ts';

/**
 * The CoValues that cojson's own tracker holds for unsynced, each with how far the node's peers say that it got. A node with
 * `syncWhen: 'never'` tracks nothing: there, what this session has written and no peer has. Oldest first; what says nothing
 * new is the same object again.
 */
export function createStockUnsynced(node: LocalNode, clock: Clock): () => readonly UnsyncedCoValue[] {
  let known = new Map<string, UnsyncedCoValue>();
  return () => {
    const servers = serverPeersOf(node);
    const byID = new Map<string, UnsyncedCoValue>();
    for (const id of node.syncManager.unsyncedTracker.getAll()) {
      byID.set(id, read(id, readTrackedFor(node, id), servers));
    }
    if (node.syncWhen === 'never') {
      for (const { id } of ownCoValues(node)) {
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
    const need = core && coverageOfState(core.knownState());
    const missing = need ? servers.filter((peer) => !covers(told(peer, id), need)) : servers;
    const isGiven = need !== undefined && servers.every((peer) => covers(given(peer, id), need));
    const isConfirmed = servers.length > 0 && missing.length === 0;
    const coValue: UnsyncedCoValue = {
      id,
      sinceMs: before?.sinceMs ?? (core && oldestEditMs(core, missing)) ?? clock.nowMs(),
      saved: savedStep(id, need),
      // What was given to a peer may stand in its socket still: cojson cannot tell.
      sent: isConfirmed ? 'reached' : servers.length > 0 && isGiven ? 'unknown' : 'pending',
      confirmed: isConfirmed ? 'reached' : 'pending',
      durable: 'unknown',
      missingAtPeerIDs: missing.map((peer) => shownPeerID(peer.id)),
      trackedFor: trackedFor === 'unknown' ? trackedFor : trackedFor.map(shownPeerID),
    };
    return before && isEqual(before, coValue) ? before : coValue;
  }

  function savedStep(id: RawCoID, need: Coverage | undefined): RungStep {
    if (!node.storage || !need) return 'unknown';
    return covers(coverageOfState(node.storage.getKnownState(id)), need) ? 'reached' : 'pending';
  }

  /** When the oldest transaction of this session that is missing was made; an earlier session's is not looked for. */
  function oldestEditMs(core: CoValueCore, missing: readonly PeerState[]): number | undefined {
    const session = node.currentSessionID;
    const had = missing.map((peer) => told(peer, core.id)[session] ?? 0);
    const first = core.verified?.getSession(session)?.transactions[had.length === 0 ? 0 : Math.min(...had)];
    return first?.madeAt;
  }
}

/** Persistent or not: each is told of every edit. */
export function serverPeersOf(node: LocalNode): readonly PeerState[] {
  return Object.values(node.syncManager.peers).filter(({ role }) => role === 'server');
}

function* ownCoValues(node: LocalNode): Iterable<CoValueCore> {
  for (const core of node.allCoValues()) {
    if (core.isAvailable() && core.knownState().sessions[node.currentSessionID] !== undefined) yield core;
  }
}

function told(peer: PeerState, id: RawCoID): Coverage {
  return coverageOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
}

function given(peer: PeerState, id: RawCoID): Coverage {
  return coverageOfState(peer.getOptimisticKnownState(id) ?? { header: false, sessions: {} });
}
