import type { LocalNode, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { dependenciesOf, sessionsOf, type Content } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { hasMentioned, mention } from '../../engine/load-request.ts';
import type { SyncEvents } from '../sync-events.ts';
import { createEarlyContent } from './early-content.ts';

/**
 * Keeps from cojson what a relay sends about CoValues that this node has not mentioned to it on this connection: cojson stores
 * it and asks the other relays for it. What a CoValue that was asked for depends on may come before it.
 */
export interface UnaskedMessages {
  /** Returns what may be handled now, in this order. */
  arriving(message: SyncMessage, bytes: number): readonly SyncMessage[];
  /** Returns false if the relay has sent the answer already. */
  sending(message: SyncMessage): boolean;
  lost(): void;
}

/** Of one connection. */
const mostLookups = 1_000;
const mostReported = 10_000;
const reason = 'Nothing on this device asked for it.';

type LoadMessage = Extract<SyncMessage, { action: 'load' }>;

export function createUnaskedMessages(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly clock: Pick<Clock, 'after'>;
  /** Called with what may be handled after all. */
  readonly onAdmitted: (message: SyncMessage) => void;
  /** Called once for each CoValue and connection. */
  readonly onDropped: (dropped: SyncEvents['dropped']) => void;
}): UnaskedMessages {
  const { node, relayID, clock, onAdmitted, onDropped } = options;
  const early = createEarlyContent({
    clock,
    dependenciesOf: (content) => dependenciesOf(content, getKnownCoValue(node, content.id)?.verified?.header),
    onDropped: report,
  });
  const reported = new Set<string>();
  /** Loads that wait for the device's storage. */
  const lookups = new Set<string>();

  function isStored(id: string, answer: (isStored: boolean) => void): void {
    const peer = node.syncManager.peers[relayID];
    if (!node.storage) return answer(false);
    node.storage.loadKnownState(id, (state) => {
      // Otherwise the connection has ended.
      if (node.syncManager.peers[relayID] === peer) answer(state !== undefined);
    });
  }

  /** A relay that was asked about a stored CoValue also sends what it depends on, which is then stored, too. */
  function report(content: Content): void {
    const { id } = content;
    const [first] = sessionsOf(content);
    if (!first || reported.has(id) || reported.size >= mostReported) return;
    reported.add(id);
    isStored(id, (isHere) => {
      if (!isHere) onDropped({ peerID: relayID, id, sessionID: first[0], reason });
    });
  }

  function released(contents: readonly Content[]): readonly Content[] {
    // More pieces of it may follow.
    for (const { id } of contents) mention(node, relayID, id);
    return contents;
  }

  /** The relay may lack what this device has stored: a dependency of what this or another tab has sent. */
  function lookUp(message: LoadMessage): void {
    const { id } = message;
    if (lookups.has(id) || lookups.size >= mostLookups) return;
    lookups.add(id);
    isStored(id, (isHere) => {
      lookups.delete(id);
      if (isHere) return onAdmitted(message);
      const peer = node.syncManager.peers[relayID];
      if (peer) node.syncManager.trySendToPeer(peer, { action: 'known', id, header: false, sessions: {} });
    });
  }

  return {
    arriving(message, bytes) {
      const { action } = message;
      if (action === 'reconcile-ack') return [message];
      // Only devices ask this.
      if (action === 'reconcile') return [];
      if (hasMentioned(node, relayID, message.id)) {
        if (action !== 'content') return [message];
        return [...released(early.takeFor(message)), message];
      }
      if (action === 'content') early.add(message, bytes);
      if (action === 'load') lookUp(message);
      return [];
    },
    sending(message) {
      if (message.action === 'reconcile' || message.action === 'reconcile-ack') return true;
      const contents = released(early.take(message.id));
      for (const content of contents) onAdmitted(content);
      return contents.length === 0 || message.action !== 'load' || message.header;
    },
    lost() {
      early.clear();
      reported.clear();
      lookups.clear();
    },
  };
}
