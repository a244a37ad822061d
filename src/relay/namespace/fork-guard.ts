import type { CoValueCore, LocalNode, PeerState } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { mayDeleteNow } from '../admission/deletion-rule.ts';
import { createPendingDeletions } from './pending-deletions.ts';
import { isSameTransaction, withoutForks, type Fork } from '../storage/find-forks.ts';
import { interceptContent, type HandleContent } from '../../engine/node-events.ts';
import { isDeleteSession, sessionsOf, type Content, type SessionID } from '../../engine/content.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/**
 * Refused sessions per client that are remembered, counted in each CoValue. A client forwards those of others, too, as many as a
 * hostile relay gave it. It stays connected.
 */
export const maxRefused = 10_000;

/**
 * Refuses transactions that conflict with stored ones, which happens when two copies of a session continue
 * it. cojson only counts transactions: it would drop those of one copy but acknowledge them, and then
 * silently ignore the whole CoValue from that client. This guard refuses only the session and notifies the
 * client.
 */
export function guardAgainstForks(
  node: LocalNode,
  clock: Clock,
  on: {
    /** Called once per session and client, as long as they are remembered. */
    refused(peerID: string, fork: Fork): void;
    deletionRefused(peerID: string, id: string): void;
  },
): void {
  let handle: HandleContent = () => {};
  const pendingDeletions = createPendingDeletions({
    node,
    clock,
    handle: take,
    refused: on.deletionRefused,
  });
  const refusedByPeer = new WeakMap<PeerState, Set<string>>();

  interceptContent(node, 'fork-guard', (next) => {
    handle = next;
    return check;
  });

  function check(message: Content, from: PeerState | 'storage' | 'import'): void {
    if (typeof from === 'string') return handle(message, from);
    const coValue = getOrCreateCoValue(node, message.id);
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
  }

  function take(message: Content, from: PeerState): void {
    const early = sessionsOf(message).filter(([sessionID]) => !mayDeleteNow(node, message, sessionID));
    if (early.length === 0) return hand(message, from);
    const others = withoutForks(message, (sessionID) => early.some(([other]) => other === sessionID));
    hand(others, from);
    pendingDeletions.keep({ ...message, new: Object.fromEntries(early) }, from);
  }

  function hand(message: Content, from: PeerState): void {
    const coValue = getOrCreateCoValue(node, message.id);
    handle(message, from);
    if (!coValue.isErroredInPeer(from.id)) return;
    for (const [sessionID, { after, newTransactions }] of sessionsOf(message)) {
      if (countOf(coValue, sessionID) >= after + newTransactions.length) continue;
      if (isDeleteSession(sessionID)) pendingDeletions.keep(message, from);
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
    refusedByPeer.set(from, keys);
    if (keys.size < maxRefused) keys.add(`${id} ${sessionID}`);
    on.refused(from.id, { id, sessionID });
  }
}

function isFork(coValue: CoValueCore, message: Content, sessionID: SessionID): boolean {
  const sent = message.new[sessionID];
  // For a deleted CoValue, only the deletion is accepted.
  if (!sent || !coValue.hasVerifiedContent() || coValue.isDeleted) return false;
  if (sent.after >= countOf(coValue, sessionID)) return false;
  const known = coValue.verified.getSession(sessionID)?.transactions ?? [];
  return sent.newTransactions.some((transaction, index) => {
    const stored = known[sent.after + index];
    return stored !== undefined && !isSameTransaction(stored, transaction);
  });
}

function countOf(coValue: CoValueCore, sessionID: SessionID): number {
  return coValue.verified?.getTransactionsCount(sessionID) ?? 0;
}
