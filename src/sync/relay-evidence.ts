import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import { coverageOfState, deletionOnly, joined, missingIn, type Coverage } from './coverage.ts';
import type { Ladder } from './ladder.ts';

/** Reads what the relay says it has: confirmed rests on its `known` and `load` messages, and on nothing else. */
export interface RelayEvidence {
  /** cojson has dealt with a message of the relay. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** What the relay said of a CoValue on this connection, kept only until `settled`. */
  saidOf(id: string): Coverage;
  /** From now on all pending edits are known to the ladder. */
  settled(): void;
  /** The relay's storage is another one, so nothing it confirmed counts any more. */
  doubtAll(): void;
  lost(): void;
}

export function createRelayEvidence(node: LocalNode, ladder: Ladder): RelayEvidence {
  const said = new Map<string, Coverage>();
  let isSettled = false;

  /** All of a CoValue that this device has, and a relay should have. */
  function ownStateOf(id: RawCoID): Coverage {
    const core = node.getCoValue(id);
    if (!core.isAvailable()) return {};
    const state = coverageOfState(core.knownState());
    return core.isDeleted ? deletionOnly(state) : state;
  }

  return {
    handled(message, peer) {
      const { action, id } = message;
      if (action === 'reconcile' || action === 'reconcile-ack' || action === 'done') return;
      if (node.getCoValue(id).isDeleted) ladder.deleted(id);
      if (action === 'content') return;
      const state = coverageOfState(message);
      ladder.reached('confirmed', id, state);
      if (!isSettled) said.set(id, joined(said.get(id) ?? {}, state));
      // A relay that lost data says so by this. Content that it has sent itself is no loss: an acknowledgement that waited
      // for its commit may be older than that.
      const told = coverageOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
      ladder.missing(id, missingIn(joined(told, state), ownStateOf(id)));
    },
    saidOf: (id) => said.get(id) ?? {},
    settled() {
      isSettled = true;
      said.clear();
    },
    doubtAll() {
      for (const { id } of node.allCoValues()) ladder.missing(id, ownStateOf(id));
    },
    lost: () => said.clear(),
  };
}
