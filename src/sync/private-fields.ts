import type { CojsonInternalTypes, CoValueCore, LocalNode, PeerState, RawCoID } from 'cojson';

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

/**
 * CoValues that cojson has asked the peer for and waits to hear of, also where its request still waits to be sent; and those
 * that it will ask for once it has heard of others. 0 where that cannot be told.
 */
export function openLoads(peer: PeerState): { readonly asked: number; readonly waiting: number } {
  const queue: unknown = Reflect.get(peer, 'loadQueue');
  const count = (key: string): number => {
    const value: unknown = typeof queue === 'object' && queue !== null && Reflect.get(queue, key);
    return typeof value === 'number' && value >= 0 ? value : 0;
  };
  return { asked: count('inFlightCount'), waiting: count('pendingCount') };
}

/** The node's CoValues by their ids, to be changed in place; undefined where it keeps them in another way. */
export function coValuesOf(node: LocalNode): Map<RawCoID, CoValueCore> | undefined {
  const coValues: unknown = Reflect.get(node, 'coValues');
  return coValues instanceof Map ? (coValues as Map<RawCoID, CoValueCore>) : undefined;
}

/**
 * Tells of each CoValue that somebody looks up, in the place of cojson's own garbage collector, which is off unless an app
 * turns it on. Undefined where it is on; otherwise the end of it.
 */
export function followUse(node: LocalNode, used: (core: CoValueCore) => void): (() => void) | undefined {
  if (!('garbageCollector' in node) || node.garbageCollector) return undefined;
  Reflect.set(node, 'garbageCollector', { trackCoValueAccess: used, collect: () => {}, stop: () => {} });
  return () => void (node.garbageCollector = undefined);
}
