import type { CoValueCore, LocalNode, PeerState } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createEarlyDeletions } from '../early-deletions.ts';
import { isSameTransaction, withoutForks, type Fork } from '../storage/find-forks.ts';
import { isDeleteSession, sessionsOf, type Content, type SessionID } from '../../engine/content.ts';

type HandleNewContent = LocalNode['syncManager']['handleNewContent'];

/** A client has one session of its own, and passes on those of others. */
export const maxRefused = 1_000;

/**
 * Of two devices that went on with one session in two ways, cojson tells the second one that its transactions are here,
 * while the first one's are: it counts a session's transactions, and cuts off those that it has by their number. Here
 * they are compared. And what goes on from transactions that are not here fails its signature; cojson then takes no
 * more of the whole CoValue from this client, in silence. Here only that session is refused, and the client is told.
 */
export function guardAgainstForks(
  node: LocalNode,
  clock: Clock,
  on: {
    /** Once for each session of each client. */
    refused(peerID: string, fork: Fork): void;
    deletionRefused(peerID: string, id: string): void;
    /** Each is remembered, and nobody has so many: the client is to go. */
    tooMany(peerID: string): void;
  },
): void {
  const handle: HandleNewContent = node.syncManager.handleNewContent.bind(node.syncManager);
  const earlyDeletions = createEarlyDeletions({
    node,
    clock,
    handle: take,
    refused: on.deletionRefused,
  });
  const refusedByPeer = new WeakMap<PeerState, Set<string>>();

  node.syncManager.handleNewContent = (message, from) => {
    if (typeof from === 'string') return handle(message, from);
    const coValue = node.getCoValue(message.id);
    const passed = withoutForks(
      message,
      (sessionID) => isRefused(from, message, sessionID) || isFork(coValue, message, sessionID),
    );
    if (passed !== message) {
      const refused = sessionsOf(message).filter(([sessionID]) => !(sessionID in passed.new));
      for (const [sessionID] of refused) refuse(from, message, sessionID);
      if (!passed.header && sessionsOf(passed).length === 0) return;
    }
    take(passed, from);
  };

  function take(message: Content, from: PeerState): void {
    const coValue = node.getCoValue(message.id);
    handle(message, from);
    if (!coValue.isErroredInPeer(from.id)) return;
    for (const [sessionID, { after, newTransactions }] of sessionsOf(message)) {
      if (countOf(coValue, sessionID) >= after + newTransactions.length) continue;
      if (isDeleteSession(sessionID)) earlyDeletions.keep(message, from);
      else refuse(from, message, sessionID);
    }
    coValue.markFoundInPeer(from.id, coValue.loadingState);
  }

  function isRefused(from: PeerState, { id }: Content, sessionID: SessionID): boolean {
    return refusedByPeer.get(from)?.has(`${id} ${sessionID}`) === true;
  }

  function refuse(from: PeerState, message: Content, sessionID: SessionID): void {
    if (isRefused(from, message, sessionID)) return;
    const { id } = message;
    const keys = refusedByPeer.get(from) ?? new Set();
    refusedByPeer.set(from, keys.add(`${id} ${sessionID}`));
    on.refused(from.id, { id, sessionID });
    if (keys.size > maxRefused) on.tooMany(from.id);
  }
}

function isFork(coValue: CoValueCore, message: Content, sessionID: SessionID): boolean {
  const sent = message.new[sessionID];
  // Of a deleted CoValue nothing but the deletion is taken.
  if (!sent || !coValue.hasVerifiedContent() || coValue.isDeleted) return false;
  if (sent.after >= countOf(coValue, sessionID)) return false;
  const known = coValue.verified.getSession(sessionID)?.transactions ?? [];
  return sent.newTransactions.some((transaction, index) => {
    const own = known[sent.after + index];
    return own !== undefined && !isSameTransaction(own, transaction);
  });
}

function countOf(coValue: CoValueCore, sessionID: SessionID): number {
  return coValue.verified?.getTransactionsCount(sessionID) ?? 0;
}
