import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import {
  coverageOfState,
  covers,
  deletionOnly,
  joined,
  missingIn,
  type Coverage,
} from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import type { OwnSessionClaims } from './own-session-claims.ts';
import { atRelay, isAt } from './pending-edits.ts';

/** Reads what the relay says it has: confirmed rests on its `known` and `load` messages, and on nothing else. */
export interface RelayEvidence {
  /** cojson has dealt with a message of the relay. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** What the relay said of a CoValue on this connection, kept only until `settled` and `sure`. */
  saidOf(id: string): Coverage;
  /** From now on all pending edits are known to the ladder. */
  settled(): void;
  /** Nothing that the relay confirmed before this connection is doubted from now on. */
  sure(): void;
  /**
   * Asks for the relay's word on what it sent by itself: its content confirms nothing, and where it has all that this
   * device has, nothing is left to send that it would acknowledge.
   */
  ask(): void;
  /** Asks for the relay's word on some of what it has not confirmed. Answers how many that were. */
  askPending(): number;
  /** The relay's storage is another one, so nothing counts any more but what it has said on this connection. */
  doubtAll(): void;
  /** The same for one CoValue, of which this device has so much. */
  doubt(id: RawCoID, need: Coverage): void;
  lost(): void;
}

/** At a time; the relay's answers to them come first. */
const mostAsked = 100;

export function createRelayEvidence(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly relayID: string;
  readonly claims: Pick<OwnSessionClaims, 'believed'>;
  /** Whether the relay has shown on this connection that it still has what it had. */
  readonly isSure: () => boolean;
  /** Another tab uploads it, and will tell what the relay says. */
  readonly isLeftToOther: (id: string) => boolean;
}): RelayEvidence {
  const { node, ladder, relayID, claims, isSure, isLeftToOther } = options;
  const said = new Map<string, Coverage>();
  const sentByRelay = new Map<RawCoID, PeerState>();
  let isSettled = false;

  /** All of a CoValue that this device has, and a relay should have. */
  function ownStateOf(id: RawCoID): Coverage {
    const core = node.getCoValue(id);
    if (!core.isAvailable()) return {};
    const state = coverageOfState(core.knownState());
    return core.isDeleted ? deletionOnly(state) : state;
  }

  function saysOf(peer: PeerState, id: RawCoID): Coverage {
    return coverageOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
  }

  function isPending(id: RawCoID): boolean {
    const edits = ladder.pending.get(id);
    return edits !== undefined && !isAt(edits, 'confirmed', relayID);
  }

  function doubt(id: RawCoID, need: Coverage): void {
    ladder.missing(id, need, relayID);
    // It has spoken of it on this connection, or sent it, and does not do so again by itself.
    ladder.confirmed(id, said.get(id) ?? {}, relayID);
    const peer = node.syncManager.peers[relayID];
    if (peer) sentByRelay.set(id, peer);
  }

  function tellDeletion(id: RawCoID): void {
    const { header: _, ...deletion } = ownStateOf(id);
    ladder.deleted(id, deletion);
    // It may have been saved before anything was pending that it ends.
    const stored = node.storage?.getKnownState(id);
    if (stored) ladder.saved(id, deletionOnly(coverageOfState(stored)));
  }

  return {
    handled(message, peer) {
      const { action, id } = message;
      if (action === 'reconcile' || action === 'reconcile-ack' || action === 'done') return;
      if (node.getCoValue(id).isDeleted) tellDeletion(id);
      if (action === 'content') return void sentByRelay.set(id, peer);
      const state = claims.believed(id, coverageOfState(message));
      // A relay that lost data says so by this. Content that it has sent itself is no loss: an acknowledgement that waited
      // for its commit may be older than that.
      ladder.missing(id, missingIn(joined(saysOf(peer, id), state), ownStateOf(id)), relayID);
      ladder.confirmed(id, state, relayID);
      if (!isSettled || !isSure()) said.set(id, joined(said.get(id) ?? {}, state));
    },
    saidOf: (id) => said.get(id) ?? {},
    settled() {
      isSettled = true;
      if (isSure()) said.clear();
    },
    sure() {
      if (isSettled) said.clear();
    },
    ask() {
      if (!isSettled) return;
      for (const [id, peer] of sentByRelay) {
        const core = node.getCoValue(id);
        const isAll = core.isAvailable() && covers(saysOf(peer, id), ownStateOf(id));
        if (isAll && isPending(id) && !isLeftToOther(id)) {
          node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
        }
      }
      sentByRelay.clear();
    },
    askPending() {
      const peer = node.syncManager.peers[relayID];
      if (!peer || !isSettled) return 0;
      const ids = [...ladder.pending]
        .filter(
          ([id, edits]) =>
            !isAt(edits, 'confirmed', relayID) && !atRelay(edits, relayID).error && !isLeftToOther(id),
        )
        .slice(0, mostAsked)
        .map(([id]) => id as RawCoID);
      for (const id of ids) {
        const core = node.getCoValue(id);
        if (core.isAvailable())
          node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
        // cojson asks about what it has loaded.
        else core.loadFromStorage();
      }
      return ids.length;
    },
    doubt,
    doubtAll() {
      // Another tab may have told of its word before it lost data, while this one had no connection that could have broken.
      ladder.connectionLost(relayID);
      for (const [id, coverage] of said) ladder.confirmed(id, coverage, relayID);
      for (const { id } of node.allCoValues()) {
        doubt(id, ownStateOf(id));
      }
    },
    lost() {
      said.clear();
      sentByRelay.clear();
    },
  };
}
