import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import { getAvailableCoValue, getOrCreateCoValue } from './covalue-lookup.ts';

/**
 * Loads a CoValue from the storage or, if it is not there, from the relays, including those that connect later. cojson
 * reads an ID from the storage only once; this reads it again, because another tab may have stored it since. After a
 * failed read, it makes a second attempt.
 */
export function requestLoad(
  node: LocalNode,
  id: RawCoID,
  on: { hasFailed(): boolean; notStored(): void; stored?(): void },
): void {
  const { storage, syncManager } = node;
  const core = getOrCreateCoValue(node, id);
  if (core.isAvailable()) return on.stored?.();

  function read(then: (isFound: boolean) => void): void {
    if (!storage || core.getLoadingStateForPeer('storage') !== 'unavailable') core.loadFromStorage(then);
    else storage.load(id, (content) => syncManager.handleNewContent(content, 'storage'), then);
  }

  function end(isFound: boolean): void {
    if (isFound) return on.stored?.();
    core.loadFromPeers(syncManager.getServerPeers(id));
    on.notStored();
  }

  read((isFound) => {
    if (isFound || !on.hasFailed()) return end(isFound);
    // cojson marks the CoValue as missing only after this.
    queueMicrotask(() => read(end));
  });
}

const requestedByKernel = new WeakMap<LocalNode, Set<string>>();

/** Like `requestLoad`, for what the kernel keeps and that may not exist: an app has no reason to look for it. */
export function requestKernelsOwn(node: LocalNode, id: RawCoID): void {
  const requested = requestedByKernel.get(node) ?? new Set();
  requestedByKernel.set(node, requested.add(id));
  requestLoad(node, id, { hasFailed: () => false, notStored: () => {} });
}

export function isRequestedByKernel(node: LocalNode, id: string): boolean {
  return requestedByKernel.get(node)?.has(id) === true;
}

/**
 * Asks a relay for what it has of a CoValue beyond what this device has. It answers with content, or with what it has.
 * Content that is still being read from the storage counts as present; otherwise the relay would send it.
 */
export function askRelayFor(node: LocalNode, relayID: string, id: RawCoID): void {
  const peer = node.syncManager.peers[relayID];
  const state = getAvailableCoValue(node, id)?.knownStateWithStreaming() ?? {
    id,
    header: false,
    sessions: {},
  };
  if (peer) node.syncManager.trySendToPeer(peer, { action: 'load', ...state });
}

/** Lets the question that cojson asks a new peer about this CoValue overtake those about thousands of others. */
export function askNext(node: LocalNode, relayID: string, core: CoValueCore): void {
  node.syncManager.peers[relayID]?.sendLoadRequest(core, 'immediate');
}
