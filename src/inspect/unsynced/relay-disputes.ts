import type { SyncMessage } from 'cojson';
import { findCoValue, readIsErrored } from '../../engine/private-fields.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { originalPeerID } from '../shared/peer-address.ts';
import type { Dispute } from './reason.ts';

export interface RelayDisputes {
  noteReceived(relayID: string, message: SyncMessage, atMs: number): void;
  /** The result is empty in most cases, and then always the same array. */
  of(id: string, relayIDs: readonly string[]): readonly Dispute[];
}

/** Resend requests to remember; the oldest are dropped first. */
const maxRemembered = 500;
const none: readonly Dispute[] = [];

export function createRelayDisputes({ node }: Pick<SyncInspection, 'node'>): RelayDisputes {
  const askedAgain = new Map<string, number>();

  function disputeWith(relayID: string, id: string): Dispute | undefined {
    const coValue = findCoValue(node, id);
    const isSkipped = coValue !== undefined && readIsErrored(coValue, originalPeerID(node, relayID)) === true;
    const askedAgainAtMs = askedAgain.get(keyOf(relayID, id));
    if (!isSkipped && askedAgainAtMs === undefined) return undefined;
    return { relayID, isSkipped, ...(askedAgainAtMs !== undefined && { askedAgainAtMs }) };
  }

  return {
    noteReceived(relayID, message, atMs) {
      if (message.action !== 'known' || !message.isCorrection) return;
      const key = keyOf(relayID, message.id);
      askedAgain.delete(key);
      askedAgain.set(key, atMs);
      const [oldest] = askedAgain.keys();
      if (askedAgain.size > maxRemembered && oldest !== undefined) askedAgain.delete(oldest);
    },
    of(id, relayIDs) {
      const disputes = relayIDs.flatMap((relayID) => disputeWith(relayID, id) ?? []);
      return disputes.length === 0 ? none : disputes;
    },
  };
}

function keyOf(relayID: string, id: string): string {
  return `${relayID} ${id}`;
}
