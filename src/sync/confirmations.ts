import type { RawCoID } from 'cojson';
import type { Coverage } from '../engine/known-counts.ts';
import type { OwnSessionClaim } from './own-session-claims.ts';
import type { RungName } from './pending-edits.ts';
import type { SyncPeers } from './sync-peers.ts';

/** What `session` may ask a running sync about single CoValues. */
export interface Confirmations {
  /** Resolves when it is known what an earlier run left unconfirmed. */
  readonly settled: Promise<unknown>;
  /** Nothing that this device has of it waits for the relay, as far as the relay's own words go. False until `settled`. */
  isConfirmed(id: string): boolean;
  /**
   * Resolves once this device has written what it has of these CoValues by then. At once where it writes nothing now: the
   * sync state says so, and the edits still go to the relay.
   */
  whenSaved(ids: readonly string[]): Promise<void>;
  /** CoValues with edits that have not reached this rung, as far as is known. */
  pendingAt(rung: RungName): readonly RawCoID[];
  /** One listener: calls when the relay refuses a fork, or claims of the node's own session what it cannot have from this node; also what it said before. */
  onOwnSessionClaim(listener: (claim: OwnSessionClaim) => void): void;
  /** What a relay claimed of it was looked into, and this much is so. */
  believe(id: string, found: Coverage, relayID: string): void;
  /** Resolves with a relay's first message about it from now on, once cojson has dealt with that message. */
  whenHeard(id: string): Promise<void>;
  /**
   * Brings what other tabs and runs have saved since, and no relay has confirmed, into this node, which then counts and
   * sends it. Resolves when it is counted; a storage that does not answer keeps it waiting.
   */
  bringInOthersEdits(): Promise<void>;
}

const confirmationsByPeers = new WeakMap<SyncPeers, Confirmations>();

export function offerConfirmations(peers: SyncPeers, confirmations: Confirmations): void {
  confirmationsByPeers.set(peers, confirmations);
}

/** Undefined for an object that this kernel did not make. */
export function confirmationsOf(peers: SyncPeers): Confirmations | undefined {
  return confirmationsByPeers.get(peers);
}

/** Who waits for the relay's word on what. */
export interface Waiting {
  whenHeard(id: string): Promise<void>;
  heard(id: string): void;
}

export function createWaiting(): Waiting {
  const waitingByID = new Map<string, (() => void)[]>();
  return {
    whenHeard: (id) =>
      new Promise((resolve) => waitingByID.set(id, [...(waitingByID.get(id) ?? []), resolve])),
    heard(id) {
      const waiting = waitingByID.get(id);
      waitingByID.delete(id);
      for (const resolve of waiting ?? []) resolve();
    },
  };
}
