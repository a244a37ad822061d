import type { LocalNode } from 'cojson';

/** Strips credentials and query: apps may use an address as a peer's ID, and it may contain a key. */
export function shownPeerID(id: string): string {
  return id.replace(/[?#].*$/, '').replace(/\/\/[^/]*@/, '//');
}

/** The peer's original ID, which cojson knows. */
export function originalPeerID(node: LocalNode, shownID: string): string {
  const { peers } = node.syncManager;
  return shownID in peers
    ? shownID
    : (Object.keys(peers).find((id) => shownPeerID(id) === shownID) ?? shownID);
}
