import type { LocalNode, PeerState, RawCoID, SyncMessage } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isDeleteSession } from '../../engine/content.ts';
import {
  covers,
  isEmpty,
  knownCountsOfContent,
  knownCountsOfState,
  mergeCounts,
  missingIn,
  missingSessions,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { atRelay, needOf, type PendingEdits } from '../delivery/pending-edits.ts';
import { tabOf, type OtherTabs } from './other-tabs.ts';
import { isPartial } from '../../wire/sync-message.ts';

/**
 * Leaves to another tab for a few seconds what that tab uploads, so that each edit is uploaded about once: by the tab that has
 * already sent it, else by the tab that wrote it, else, if that is gone, by the first present tab. Then every connected tab
 * sends it. Nothing relies on this: a mistake costs time or a second upload.
 */
export interface Leases {
  /** Content may leave for the relay. The leases begin with the first call on a connection. */
  beginUploads(relayID: string): void;
  lost(relayID: string): void;
  /** The message as this tab sends it: without what is left to other tabs. Undefined if nothing remains. */
  filter(relayID: string, message: SyncMessage): SyncMessage | undefined;
  /** Whether this tab leaves the session's content to another tab. */
  isLeft(relayID: string, id: string, session: string): boolean;
  /** Whether this tab leaves to others all that the relay lacks of the CoValue. */
  isLeftToOther(relayID: string, id: string): boolean;
  /** Whether this tab left out content that it no longer leaves to another tab. `handled` sends it after the next answer. */
  isOverdue(relayID: string, id: string): boolean;
  /** Call after cojson has handled the relay's message. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** Another tab has sent this much to the relay, and will announce the answer. */
  sentBy(relayID: string, id: string, counts: KnownCounts, by: string): void;
  /** Another tab says that the relay has this much. */
  confirmed(relayID: string, id: string, counts: KnownCounts, by: string): void;
  /** The CoValue has no pending edits. */
  done(id: string): void;
}

/** A live tab gets its edit confirmed within this time. The random part keeps tabs from sending all at once. */
const leaseMs = 5_000;
const spreadMs = 3_000;
/** A tab that uploads much gets more time as long as it makes progress. */
const maxLeaseMs = 60_000;

interface Sent {
  readonly by: string;
  readonly counts: KnownCounts;
}

interface Channel {
  readonly sinceMs: number;
  /** CoValues that the relay wants from this tab, for example because it has content that depends on them. */
  readonly wanted: Set<string>;
  /** By CoValue, what was not sent, though cojson counts it as sent. */
  readonly leftOut: Map<string, KnownCounts>;
}

export function createLeases(options: {
  readonly node: Pick<LocalNode, 'syncManager'>;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  readonly ladder: Pick<Ladder, 'pending' | 'isOwn'>;
  readonly others: Pick<OtherTabs, 'ownName' | 'present' | 'uploaderOf'>;
  /** At least 0, less than 1. */
  readonly randomFraction: () => number;
  /** Something is left to another tab, which may have been killed. */
  readonly onLeft: () => void;
}): Leases {
  const { node, clock, ladder, others, randomFraction, onLeft } = options;
  const thisLeaseMs = leaseMs + spreadMs * randomFraction();
  const channels = new Map<string, Channel>();
  const progressMs = new Map<string, number>();
  /** By CoValue and relay. */
  const sentByID = new Map<string, Map<string, Sent>>();

  function uploaderOf(relayID: string, id: string, session: string, count: number): string {
    const sent = sentByID.get(id)?.get(relayID);
    const isSent = sent && others.present.has(sent.by) && covers(sent.counts, { [session]: count });
    return isSent ? sent.by : others.uploaderOf(session);
  }

  /** `by` is undefined if any tab may have to send it. */
  function isLeased(relayID: string, { elapsedMs }: Edit, by?: string): boolean {
    const channel = channels.get(relayID);
    // Without a connection, no tab is late.
    const sinceMs = Math.max(elapsedMs ?? -Infinity, channel?.sinceMs ?? Infinity);
    const activeMs = Math.max(sinceMs, progressMs.get(by ?? '') ?? -Infinity);
    const nowMs = clock.elapsedMs();
    if (nowMs - activeMs >= thisLeaseMs || nowMs - sinceMs >= maxLeaseMs) return false;
    if (channel) onLeft();
    return true;
  }

  function isLeft(relayID: string, id: string, session: string): boolean {
    if (others.present.size === 0 || isUnnamed(session) || channels.get(relayID)?.wanted.has(id))
      return false;
    const edits = ladder.pending.get(id);
    const oldest = edits && oldestOf(edits, relayID, session);
    // The session's tab counts it as pending, or was told that it is confirmed.
    if (!oldest) return others.present.has(tabOf(session));
    const by = uploaderOf(relayID, id, session, needOf(edits)[session] ?? 0);
    return by !== others.ownName && isLeased(relayID, oldest, by);
  }

  /** What is left to other tabs. A header is left with the rest, because a group without members refuses deletions. */
  function split(relayID: string, id: string, counts: KnownCounts): { left: KnownCounts; due: KnownCounts } {
    const left = Object.fromEntries(
      Object.entries(counts).filter(([session]) => isLeft(relayID, id, session)),
    );
    const due = missingSessions(left, counts);
    const isOnlyHeader = !isEmpty(left) && Object.keys(due).every((session) => session === 'header');
    return isOnlyHeader ? { left: counts, due: {} } : { left, due };
  }

  /** Makes cojson send these sessions again. Whatever else is on its way is not sent again. */
  function sendAgain(peer: PeerState, id: RawCoID, due: KnownCounts): void {
    const known = peer.getKnownState(id) ?? { id, header: false, sessions: {} };
    const counted = peer.getOptimisticKnownState(id) ?? known;
    // Also if the CoValue is not in memory: cojson sends it once it is loaded.
    peer.setKnownState(id, { ...known, sessions: { ...known.sessions } });
    peer.combineOptimisticWith(id, {
      id,
      header: counted.header && !('header' in due),
      sessions: missingSessions(due, counted.sessions),
    });
    node.syncManager.sendNewContent(id, peer);
  }

  return {
    isLeft,
    beginUploads(relayID) {
      if (channels.has(relayID)) return;
      channels.set(relayID, { sinceMs: clock.elapsedMs(), wanted: new Set(), leftOut: new Map() });
    },
    lost: (relayID) => void channels.delete(relayID),
    filter(relayID, message) {
      const channel = channels.get(relayID);
      if (message.action !== 'content' || !channel) return message;
      const { id, header } = message;
      const { left, due } = split(relayID, id, knownCountsOfContent(message));
      if (isEmpty(left) || (header?.ruleset.type === 'group' && !isEmpty(due))) return message;
      channel.leftOut.set(id, mergeCounts(channel.leftOut.get(id) ?? {}, left));
      return isEmpty(due) ? undefined : { ...message, new: missingSessions(left, message.new) };
    },
    isLeftToOther(relayID, id) {
      const edits = ladder.pending.get(id);
      if (!edits || others.present.size === 0) return false;
      const lacking = Object.keys(missingIn(atRelay(edits, relayID).confirmed, needOf(edits)));
      const named = lacking.filter((session) => !isUnnamed(session));
      if (named.length > 0) return named.every((session) => isLeft(relayID, id, session));
      const oldest = lacking[0] === undefined ? undefined : oldestOf(edits, relayID, lacking[0]);
      return oldest !== undefined && !ladder.isOwn(id) && isLeased(relayID, oldest);
    },
    isOverdue(relayID, id) {
      const leftOut = channels.get(relayID)?.leftOut.get(id);
      return leftOut !== undefined && !isEmpty(split(relayID, id, leftOut).due);
    },
    handled(message, peer) {
      if (message.action !== 'known' && message.action !== 'load' && message.action !== 'content') return;
      // It does not show whether other tabs have sent what was left to them.
      if (isPartial(message)) return;
      // The connection that it came from has ended.
      if (peer.closed) return;
      const { id } = message;
      const channel = channels.get(peer.id);
      if (!channel) return;
      const { leftOut, wanted } = channel;
      // cojson has just queued all that the relay lacks, and `filter` has yet to see it.
      const isWanted = message.action === 'load' || (message.action === 'known' && message.isCorrection);
      if (isWanted) wanted.add(id);
      const before = leftOut.get(id);
      leftOut.delete(id);
      if (isWanted || !before) return;
      const told = knownCountsOfState(peer.getKnownState(id) ?? { header: false, sessions: {} });
      // cojson does not count what the relay itself sends as known to it.
      const known = message.action === 'content' ? mergeCounts(told, knownCountsOfContent(message)) : told;
      const { left, due } = split(peer.id, id, missingIn(known, before));
      if (!isEmpty(left)) leftOut.set(id, left);
      if (!isEmpty(due)) sendAgain(peer, id, due);
    },
    sentBy(relayID, id, counts, by) {
      if (!ladder.pending.has(id)) return;
      const byRelay = sentByID.get(id) ?? new Map<string, Sent>();
      sentByID.set(id, byRelay);
      const before = byRelay.get(relayID);
      byRelay.set(relayID, { by, counts: before?.by === by ? mergeCounts(before.counts, counts) : counts });
    },
    confirmed(relayID, id, counts, by) {
      progressMs.set(by, clock.elapsedMs());
      const sent = sentByID.get(id)?.get(relayID);
      if (sent && covers(counts, sent.counts)) sentByID.get(id)?.delete(relayID);
    },
    done: (id) => void sentByID.delete(id),
  };
}

type Edit = PendingEdits['edits'][number];

/** The oldest edit of the session that the relay lacks. */
function oldestOf(edits: PendingEdits, relayID: string, session: string): Edit | undefined {
  const confirmed = atRelay(edits, relayID).confirmed[session] ?? 0;
  return edits.edits.find(({ need }) => (need[session] ?? 0) > confirmed);
}

/** A header and a deletion do not name their author. */
function isUnnamed(session: string): boolean {
  return session === 'header' || isDeleteSession(session);
}
