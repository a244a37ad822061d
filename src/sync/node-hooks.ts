import type { CojsonInternalTypes, LocalNode, PeerState, SyncMessage } from 'cojson';
import {
  coverageOfContent,
  coverageOfState,
  isNothing,
  missingIn,
  type Coverage,
} from '../engine/known-counts.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

export interface NodeEvents {
  /** A transaction of this device, in the very call that made it (`isMade`); or content imported into the node. Before it is stored. */
  edited(id: string, need: Coverage, isMade?: true): void;
  /** cojson hands content to the storage. */
  storing(content: NewContent): void;
  stored(id: string, coverage: Coverage): void;
  /** cojson is about to deal with a message of a peer. */
  handling(message: SyncMessage, peer: PeerState): void;
  /** cojson has dealt with a message of a peer. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** A peer's content is in the node now. */
  brought(id: string): void;
  /** A peer's content was not let in. */
  refused(dropped: {
    readonly peerID: string;
    readonly id: string;
    readonly sessionID: string;
    readonly reason: string;
  }): void;
}

/**
 * Watches a node where cojson has no events: its methods are wrapped on the instance, and nothing else of it is touched.
 * To be called after `setStorage`, and before the first edit that is to be seen. Returns the way back.
 */
export function hookNode(node: LocalNode, on: NodeEvents): () => void {
  const manager = node.syncManager;
  const { storage } = node;
  const { syncLocalTransaction, handleNewContent, handleSyncMessage } = manager;
  const store = storage?.store;

  manager.syncLocalTransaction = (coValue, before) => {
    const need = missingIn(coverageOfState(before), coverageOfState(coValue.knownState()));
    on.edited(coValue.id, need, true);
    syncLocalTransaction(coValue, before);
  };
  manager.handleNewContent = (content, from) => {
    if (from === 'import') {
      const need = missingIn(stateOf(node, content), coverageOfContent(content));
      if (!isNothing(need)) on.edited(content.id, need);
    }
    const peer = typeof from === 'object' ? from : undefined;
    const before = peer && stateOf(node, content);
    handleNewContent.call(manager, content, from);
    if (peer && before) tellOutcome(peer, content, before);
  };
  manager.handleSyncMessage = (message, peer) => {
    on.handling(message, peer);
    handleSyncMessage.call(manager, message, peer);
    on.handled(message, peer);
  };
  if (storage && store) {
    storage.store = (content, correct, done) => {
      on.storing(content);
      store.call(storage, content, correct, () => {
        done?.();
        on.stored(content.id, coverageOfContent(content));
      });
    };
  }

  function tellOutcome(peer: PeerState, content: NewContent, before: Coverage): void {
    const core = node.getCoValue(content.id);
    const after = coverageOfState(core.knownState());
    if (!isNothing(missingIn(before, after))) on.brought(content.id);
    // It waits for what it depends on, or its beginning is missing; or the CoValue was deleted.
    if (!core.isErroredInPeer(peer.id)) return;
    for (const sessionID of Object.keys(missingIn(after, coverageOfContent(content)))) {
      on.refused({ peerID: peer.id, id: content.id, sessionID, reason: 'Its signature is false.' });
    }
  }

  return () => {
    Object.assign(manager, { syncLocalTransaction, handleNewContent, handleSyncMessage });
    if (storage && store) storage.store = store;
  };
}

function stateOf(node: LocalNode, { id }: NewContent): Coverage {
  return coverageOfState(node.getCoValue(id).knownState());
}
