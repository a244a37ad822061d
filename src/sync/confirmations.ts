import type { RawCoID } from 'cojson';
import type { KernelError } from '../base/kernel-error.ts';
import type { KnownCounts } from '../engine/known-counts.ts';
import type { RelayAuth } from './auth/relay-auth.ts';
import type { OwnSessionClaim } from './own-session-claims.ts';
import type { RelayPresence } from './relays/relay-presence.ts';
import type { RelayReceipts } from './relays/relay-receipts.ts';
import type { CountedRung } from './rungs.ts';
import type { SyncPeers } from './sync-peers.ts';

export type { PresenceEvents, PresenceOffer, RelayPresence } from './relays/relay-presence.ts';
export type {
  ReceiptChallenge,
  ReceiptEvents,
  RelayContradiction,
  RelayReceipts,
} from './relays/relay-receipts.ts';

/** What `session` can ask a running sync, mostly about individual CoValues. */
export interface Confirmations {
  /** Resolves when the sync knows what an earlier run left unconfirmed. */
  readonly settled: Promise<unknown>;
  /** Whether every relay has confirmed everything that this device has of the CoValue. False until `settled`. */
  isConfirmed(id: string): boolean;
  /** Resolves once what this device has now is stored; at once if storage fails, which the sync state reports. */
  whenSaved(ids: readonly string[]): Promise<void>;
  /** The known CoValues with edits that have not reached this rung. */
  pendingAt(rung: CountedRung): readonly RawCoID[];
  /** Sets the only listener and delivers earlier claims to it at once. A refused fork counts as a claim. */
  onOwnSessionClaim(listener: (claim: OwnSessionClaim) => void): void;
  /** After a relay's claim was verified, accepts that the relay has this much. */
  acceptKnown(id: RawCoID, found: KnownCounts, relayID: string): void;
  /** Resolves after cojson has handled the relay's next message about the CoValue. */
  whenAnswered(id: string): Promise<void>;
  /** Whether every relay has shown that it still has what it confirmed, and was compared with this device. */
  isSure(): boolean;
  /** Resolves once `isSure`. */
  whenSure(): Promise<void>;
  /** CoValues with unconfirmed edits of any tab or run of this device. Rejects if the ledger cannot be read. */
  leftByAll(): Promise<readonly string[]>;
  /** How the sync signs in at the relay with this address. */
  authAt(url: string): RelayAuth | undefined;
  readonly receipts: RelayReceipts;
  readonly presence: RelayPresence;
  /** Rejects every wait for a rung with this error, including that of a `close({ until })`, which then closes at once. */
  endWaits(error: KernelError): void;
}

const confirmationsKey = Symbol();

export function offerConfirmations(peers: SyncPeers, confirmations: Confirmations): void {
  Object.defineProperty(peers, confirmationsKey, { value: confirmations, configurable: true });
}

/** Undefined if the kernel did not create `peers`. */
export function confirmationsOf(peers: SyncPeers & { readonly [confirmationsKey]?: Confirmations }) {
  return peers[confirmationsKey];
}

export interface AnswerWaits {
  whenAnswered(id: string): Promise<void>;
  answered(id: string): void;
}

export function createAnswerWaits(): AnswerWaits {
  const waitingByID = new Map<string, (() => void)[]>();
  return {
    whenAnswered: (id) =>
      new Promise((resolve) => waitingByID.set(id, [...(waitingByID.get(id) ?? []), resolve])),
    answered(id) {
      const waiting = waitingByID.get(id);
      waitingByID.delete(id);
      for (const resolve of waiting ?? []) resolve();
    },
  };
}
