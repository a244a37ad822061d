import type { CojsonInternalTypes, LocalNode } from 'cojson';

// What cojson 0.20 keeps to itself and the sync needs, all in this file. Where the shape is another one, what rests on it is
// left out, and cojson does as it does by itself; private-fields.test.ts then fails.

type NewContent = CojsonInternalTypes.NewContentMessage;

/** Whether cojson has just put this content aside, as it lacks something that the content depends on. */
export function isPutAside(node: LocalNode, content: NewContent): boolean {
  const queue: unknown = Reflect.get(node.getCoValue(content.id), 'newContentQueue');
  const last: unknown = Array.isArray(queue) ? queue.at(-1) : undefined;
  return typeof last === 'object' && last !== null && Reflect.get(last, 'msg') === content;
}

/**
 * Ends cojson's own following of each edit's way to a peer: it adds a listener for every edit made without a peer, and
 * keeps or forgets entries whatever a relay has. Returns the way back.
 */
export function leaveOutTracking({ syncManager }: LocalNode): () => void {
  if (typeof Reflect.get(syncManager, 'trackSyncState') !== 'function') return () => {};
  // The prototype's stands behind it.
  Reflect.set(syncManager, 'trackSyncState', () => {});
  return () => void Reflect.deleteProperty(syncManager, 'trackSyncState');
}
