import type { AvailableCoValueCore, CoValueCore, LocalNode, RawCoID } from 'cojson';

// Only these functions call `node.getCoValue`, which creates CoValues, counts as a use and revives unloaded ones.

/** Creates an empty CoValue if the node does not know the ID, for example to subscribe to it or to load it. */
export function getOrCreateCoValue(node: LocalNode, id: string): CoValueCore {
  return node.getCoValue(id as RawCoID);
}

/** Undefined if the node does not know the ID. An empty CoValue, for example one being loaded, counts as known. */
export function getKnownCoValue(node: LocalNode, id: string): CoValueCore | undefined {
  return node.isCoValueInMemory(id as RawCoID) ? node.getCoValue(id as RawCoID) : undefined;
}

/** Undefined if the CoValue has no content in memory. */
export function getAvailableCoValue(node: LocalNode, id: string): AvailableCoValueCore | undefined {
  const coValue = getOrCreateCoValue(node, id);
  return coValue.isAvailable() ? coValue : undefined;
}

/** Resolves with false if this device's storage does not have the CoValue, or fails. */
export function loadFromStorage(node: LocalNode, id: string): Promise<boolean> {
  return new Promise((resolve) => getOrCreateCoValue(node, id).loadFromStorage(resolve));
}
