import { cojsonInternals, type LocalNode, type PeerState, type SyncMessage } from 'cojson';
import type { Content } from '../../../src/engine/content.ts';
import { createRelayNode } from '../../../src/engine/create-node.ts';
import { admitContent, type Admission } from '../../../src/relay/admission/admit-content.ts';
import {
  createBeginnings,
  type Beginnings,
  type BeginningsOptions,
} from '../../../src/relay/beginnings/beginnings.ts';
import { createFakeClock, type FakeClock } from '../../../src/testing/fake-clock.ts';
import { crypto } from './stock-client.ts';

/** A relay's node that admits content, and hands-on clients. */
export interface AdmissionNode {
  readonly node: LocalNode;
  readonly clock: FakeClock;
  /** "reason session", in order; not those without a notice. */
  readonly refused: string[];
  readonly admitted: string[];
  /** Content that waits for what it names. */
  readonly incomplete: Content[];
  /** The IDs of blocked accounts. */
  readonly blocked: Set<string>;
  /** The IDs of CoValues that are taken down. */
  readonly takenDown: Set<string>;
  readonly admission: Admission;
  readonly beginnings: Beginnings;
  client(id: string): AdmissionClient;
  /** How many transactions of a session the node has. */
  countOf(id: string, sessionID: string): number;
}

export interface AdmissionClient {
  readonly peer: PeerState;
  readonly received: SyncMessage[];
  send(...contents: readonly Content[]): void;
  /** Sends what the relay's node lacks of these values, as this node has them, in this order. */
  sendFrom(from: LocalNode, ...values: readonly { readonly id: string }[]): void;
}

export function createAdmissionNode(
  maxHeldBytes = 1_000_000,
  storage: Partial<Pick<BeginningsOptions, 'isAlone' | 'readClaim' | 'readCommitted' | 'onceWritten'>> = {},
): AdmissionNode {
  const node = createRelayNode(crypto);
  const clock = createFakeClock(Date.now());
  const refused: string[] = [];
  const admitted: string[] = [];
  const incomplete: Content[] = [];
  const blocked = new Set<string>();
  const takenDown = new Set<string>();
  const beginnings = createBeginnings({
    ...{ node, clock, isAlone: false, onceWritten: (_, run) => run() },
    readClaim: () => Promise.resolve(undefined),
    readCommitted: () => Promise.resolve(undefined),
    ...storage,
  });
  const admission = admitContent({
    node,
    clock,
    beginnings,
    maxHeldBytes,
    restrictions: {
      barredBy: (accountID) => (blocked.has(accountID) ? 'blocked' : undefined),
      closedBy: (id) => (takenDown.has(id) ? 'taken-down' : undefined),
      isTakenDown: (id) => takenDown.has(id),
    },
    on: {
      refused(_, { reason, sessionID }, isNotice) {
        if (isNotice) refused.push(`${reason} ${sessionID}`);
      },
      admitted: (_, __, sessionID) => void admitted.push(sessionID),
      incomplete: (_, content) => void incomplete.push(content),
      held() {},
    },
  });

  return {
    node,
    clock,
    refused,
    admitted,
    incomplete,
    blocked,
    takenDown,
    admission,
    beginnings,
    client(id) {
      const [peer, other] = cojsonInternals.connectedPeers(id, `relay-${id}`, {
        peer1role: 'client',
        peer2role: 'server',
      });
      const received: SyncMessage[] = [];
      other.incoming.onMessage((message) => {
        if (message !== 'Disconnected') received.push(message);
      });
      node.syncManager.addPeer(peer);
      const state = node.syncManager.peers[id];
      if (!state) throw new Error('The peer was not added.');
      const send = (...contents: readonly Content[]) => {
        for (const content of contents) node.syncManager.handleSyncMessage(structuredClone(content), state);
      };
      return {
        peer: state,
        received,
        send,
        sendFrom(from, ...values) {
          for (const { id: valueID } of values) {
            const known = node.getCoValue(valueID as Content['id']).knownState();
            send(...(from.getCoValue(valueID as Content['id']).newContentSince(known) ?? []));
          }
        },
      };
    },
    countOf: (id, sessionID) =>
      node.getCoValue(id as Content['id']).verified?.getTransactionsCount(sessionID as never) ?? 0,
  };
}
