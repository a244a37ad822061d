import type { SyncMessage } from 'cojson';
import { findCoValue, readIsErrored, readPeerCounts } from '../../engine/private-fields.ts';
import type { SyncInspection } from '../../sync/inspection.ts';
import { originalPeerID } from '../shared/peer-address.ts';
import type { Dispute } from './reason.ts';

export interface RelayDisputes {
  noteReceived(relayID: string, message: SyncMessage, atMs: number): void;
  /** If there are none, always the same array. */
  of(id: string, relayIDs: readonly string[]): readonly Dispute[];
}

/** How many resend requests and answers to remember; the oldest are dropped first. */
const maxRemembered = 500;
const none: readonly Dispute[] = [];

/** `sinceMs`: when it begins to receive messages. */
export function createRelayDisputes({ node }: Pick<SyncInspection, 'node'>, sinceMs: number): RelayDisputes {
  const askedAgain = new Map<string, number>();
  const answered = new Map<string, number>();
  /** An answer that is not remembered came no later. */
  let forgottenUntilMs = sinceMs;

  function disputeWith(relayID: string, id: string): Dispute | undefined {
    const coValue = findCoValue(node, id);
    const peerID = originalPeerID(node, relayID);
    const isSkipped = coValue !== undefined && readIsErrored(coValue, peerID) === true;
    const askedAgainAtMs = askedAgain.get(keyOf(relayID, id));
    const answeredAtMs = answered.get(keyOf(relayID, id)) ?? forgottenAnswer(peerID, id);
    if (!isSkipped && askedAgainAtMs === undefined && answeredAtMs === undefined) return undefined;
    return {
      ...{ relayID, isSkipped },
      ...(askedAgainAtMs !== undefined && { askedAgainAtMs }),
      ...(answeredAtMs !== undefined && { answeredAtMs }),
    };
  }

  function forgottenAnswer(peerID: string, id: string): number | undefined {
    return typeof readPeerCounts(node, peerID, id) === 'object' ? forgottenUntilMs : undefined;
  }

  return {
    noteReceived(relayID, message, atMs) {
      if (message.action !== 'known' && message.action !== 'load') return;
      const key = keyOf(relayID, message.id);
      forgottenUntilMs = remember(answered, key, atMs) ?? forgottenUntilMs;
      if (message.action === 'known' && message.isCorrection) remember(askedAgain, key, atMs);
    },
    of(id, relayIDs) {
      const disputes = relayIDs.flatMap((relayID) => disputeWith(relayID, id) ?? []);
      return disputes.length === 0 ? none : disputes;
    },
  };
}

/** Returns the time that it drops, if any. */
function remember(times: Map<string, number>, key: string, atMs: number): number | undefined {
  times.delete(key);
  times.set(key, atMs);
  const [oldest] = times;
  if (times.size <= maxRemembered || !oldest) return undefined;
  times.delete(oldest[0]);
  return oldest[1];
}

function keyOf(relayID: string, id: string): string {
  return `${relayID} ${id}`;
}
