import type { LocalNode, SyncMessage } from 'cojson';
import { openLoads } from './private-fields.ts';
import type { SyncState } from './sync-state.ts';

/** What the relay was asked for on this connection, and how much of it is there. */
export interface Download {
  readonly state: SyncState['download'];
  sent(message: SyncMessage): void;
  /** cojson has dealt with it. */
  handled(message: SyncMessage): void;
  /** The node was told of the relay, and has asked for what it has open. */
  connected(): void;
  lost(): void;
  /** Content that waited for something else, or came in pieces, may be there now. */
  look(): void;
}

export function createDownload(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  /** Once a connection, when for the first time nothing that was asked for is missing. */
  readonly onCaughtUp: () => void;
}): Download {
  const { node, relayID, onCaughtUp } = options;
  /** What was asked for, and is not there or known to be nowhere. */
  const asked = new Set<string>();
  const reconciled = new Set<string>();
  /** Asked for, and content came that does not stand in the node, or not all of it. */
  const begun = new Set<string>();
  let received = 0;
  let isConnected = false;
  let hasCaughtUp = false;

  function arrived(id: string): void {
    begun.delete(id);
    if (asked.delete(id)) received++;
  }

  function isThere(id: string): boolean {
    const core = node.getCoValue(id as Parameters<typeof node.getCoValue>[0]);
    return core.isErroredInPeer(relayID) || (core.isAvailable() && !core.isStreaming());
  }

  /** What cojson has asked for may still wait to be sent. */
  function missing(): number {
    const peer = isConnected ? node.syncManager.peers[relayID] : undefined;
    const open = peer ? openLoads(peer) : { asked: 0, waiting: 0 };
    return Math.max(asked.size, open.asked) + open.waiting;
  }

  function isCaughtUp(): boolean {
    return isConnected && reconciled.size === 0 && missing() === 0;
  }

  function tell(): void {
    if (hasCaughtUp || !isCaughtUp()) return;
    hasCaughtUp = true;
    onCaughtUp();
  }

  return {
    get state() {
      return { received, expected: received + missing(), caughtUp: isCaughtUp() };
    },
    sent({ action, id }) {
      if (action === 'load') asked.add(id);
      if (action === 'reconcile') reconciled.add(id);
    },
    handled({ action, id }) {
      if (action === 'known') arrived(id);
      if (action === 'content' && asked.has(id)) {
        if (isThere(id)) arrived(id);
        else begun.add(id);
      }
      if (action === 'reconcile-ack') reconciled.delete(id);
      tell();
    },
    connected() {
      isConnected = true;
      tell();
    },
    lost() {
      isConnected = hasCaughtUp = false;
      received = 0;
      for (const ids of [asked, reconciled, begun]) ids.clear();
    },
    look() {
      // No more than cojson asks for at once.
      for (const id of begun) if (isThere(id)) arrived(id);
      tell();
    },
  };
}
