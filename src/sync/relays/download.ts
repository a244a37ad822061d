import type { LocalNode, SyncMessage } from 'cojson';
import { readLoads, type Reading } from '../../engine/private-fields.ts';
import type { SyncState } from '../sync-state.ts';
import { getOrCreateCoValue, hasWaitingContent } from '../../engine/covalue-lookup.ts';

/** What was requested from the relay on this connection, and how much of it has arrived. */
export interface Download {
  readonly state: SyncState['download'];
  sent(message: SyncMessage): void;
  /** Call when a message arrives, before it is handled. */
  arriving(message: SyncMessage, bytes: number): void;
  handled(message: SyncMessage): void;
  /** The answer was not for cojson. */
  taken(message: SyncMessage): void;
  /** Call after the peer was added and the node has requested the CoValues it has open. */
  connected(): void;
  lost(): void;
  /** Checks again whether content that waited for a dependency, or that came in pieces, is complete. */
  check(): void;
}

export function createDownload(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  /** Called once per connection, the first time that nothing requested is missing. */
  readonly onCaughtUp: () => void;
}): Download {
  const { node, relayID, onCaughtUp } = options;
  /** Requested CoValues that are neither available nor known to be missing at the relay. */
  const asked = new Set<string>();
  const reconciled = new Set<string>();
  /** Requested CoValues with content that is incomplete or waits for a dependency. */
  const begun = new Set<string>();
  let received = 0;
  let bytes = 0;
  let isConnected = false;
  let hasCaughtUp = false;

  function arrived(id: string): void {
    begun.delete(id);
    if (asked.delete(id)) received++;
  }

  function isThere(id: string): boolean {
    const core = getOrCreateCoValue(node, id);
    return (
      core.isErroredInPeer(relayID) || (core.isAvailable() && !core.isStreaming() && !hasWaitingContent(core))
    );
  }

  /** Includes loads that cojson has not sent yet. */
  function missing(): number {
    if (!isConnected) return asked.size;
    const { inFlight, waiting } = readLoads(node, relayID);
    return Math.max(asked.size, orZero(inFlight)) + orZero(waiting);
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
      return { received, expected: received + missing(), bytes, caughtUp: isCaughtUp() };
    },
    sent({ action, id }) {
      if (action === 'load') asked.add(id);
      if (action === 'reconcile') reconciled.add(id);
    },
    arriving({ action }, length) {
      if (action === 'content') bytes += length;
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
    taken({ id }) {
      arrived(id);
      tell();
    },
    connected() {
      isConnected = true;
      tell();
    },
    lost() {
      isConnected = hasCaughtUp = false;
      received = bytes = 0;
      for (const ids of [asked, reconciled, begun]) ids.clear();
    },
    check() {
      // cojson limits how many loads are open, so this loop is short.
      for (const id of begun) if (isThere(id)) arrived(id);
      tell();
    },
  };
}

function orZero(reading: Reading): number {
  return reading === 'unknown' ? 0 : reading;
}
