import type { CojsonInternalTypes, LocalNode, PeerState, SyncMessage } from 'cojson';
import { coverageOfContent, coverageOfState, isNothing, missingIn, type Coverage } from './coverage.ts';

export interface NodeEvents {
  /** A transaction of this device, in the very call that made it; or content imported into the node. Before it is stored. */
  edited(id: string, need: Coverage): void;
  /** cojson hands content to the storage. */
  storing(): void;
  stored(id: string, coverage: Coverage): void;
  /** cojson is about to deal with a message of a peer. */
  handling(message: SyncMessage, peer: PeerState): void;
  /** cojson has dealt with a message of a peer. */
  handled(message: SyncMessage, peer: PeerState): void;
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
    on.edited(coValue.id, missingIn(coverageOfState(before), coverageOfState(coValue.knownState())));
    syncLocalTransaction(coValue, before);
  };
  manager.handleNewContent = (content, from) => {
    if (from === 'import') {
      const need = missingIn(stateOf(node, content), coverageOfContent(content));
      if (!isNothing(need)) on.edited(content.id, need);
    }
    handleNewContent.call(manager, content, from);
  };
  manager.handleSyncMessage = (message, peer) => {
    on.handling(message, peer);
    handleSyncMessage.call(manager, message, peer);
    on.handled(message, peer);
  };
  if (storage && store) {
    storage.store = (content, correct, done) => {
      on.storing();
      store.call(storage, content, correct, () => {
        done?.();
        on.stored(content.id, coverageOfContent(content));
      });
    };
  }

  return () => {
    Object.assign(manager, { syncLocalTransaction, handleNewContent, handleSyncMessage });
    if (storage && store) storage.store = store;
  };
}

function stateOf(node: LocalNode, { id }: CojsonInternalTypes.NewContentMessage): Coverage {
  return coverageOfState(node.getCoValue(id).knownState());
}
