import type { LocalNode } from 'cojson';

/** Apps call a peer by its address, and that may hold a key: only what stands before it is shown. */
export function shownPeerID(id: string): string {
  return id.replace(/[?#].*$/, '').replace(/\/\/[^/]*@/, '//');
}

/** The peer's own id, by which cojson finds it. */
export function ownPeerID(node: LocalNode, shownID: string): string {
  const { peers } = node.syncManager;
  return shownID in peers
    ? shownID
    : (Object.keys(peers).find((id) => shownPeerID(id) === shownID) ?? shownID);
}
