import { isDeleteSession } from '../../engine/content.ts';
import { knownCountsOfContent, isEmpty, missingIn, type KnownCounts } from '../../engine/known-counts.ts';
import type { TabsInspection } from '../inspection.ts';
import type { NodeEvents } from '../../engine/node-events.ts';
import { atRelay, needOf, type PendingEdits } from '../delivery/pending-edits.ts';
import { randomFraction } from '../connection/random-fraction.ts';
import { createAnnouncements } from './announcements.ts';
import { createCatchUp } from './catch-up.ts';
import { createContentImport } from './content-import.ts';
import { watchKilledTabs } from './killed-tabs.ts';
import { createLeases, type Leases } from './leases.ts';
import { createOtherTabs } from './other-tabs.ts';
import { createTabStatus } from './tab-status.ts';
import { createAccountChannel } from './tab-channel.ts';
import type { RecalledDebts } from '../delivery/recall.ts';
import type { TabMessage } from './tab-messages.ts';
import type { TabsOptions, TabsSetup } from './tabs-options.ts';
import { createUnsavedPosts } from './unsaved-posts.ts';

/** Brings the work of the account's other tabs into this node, and announces this tab's work to them. */
export interface Tabs
  extends
    Pick<NodeEvents, 'storing' | 'stored' | 'handled'>,
    Pick<Leases, 'beginUploads' | 'filter' | 'isLeftToOther' | 'isOverdue'> {
  /** True while content that another tab could not save is being imported. */
  readonly isImporting: boolean;
  /** The ledger was read: counts what other tabs and earlier runs have left. */
  recalled(debts: RecalledDebts): void;
  /** The ladder has no more pending edits of the CoValue. */
  done(id: string, edits: PendingEdits, isOwn: boolean): void;
  sent(relayID: string, id: string, counts: KnownCounts): void;
  /** The connection to the relay has ended. */
  lost(relayID: string): void;
  /** The relay has lost data, according to its record on this device. */
  lostData(relayID: string): void;
  readonly inspection: TabsInspection;
  close(): void;
}

export type CreateTabs = (options: TabsOptions) => Tabs;

export function createTabs(options: TabsOptions & { readonly setup: TabsSetup }): Tabs {
  const {
    setup,
    node,
    ladder,
    debts,
    readDebts,
    storage,
    platform,
    pacer,
    logger,
    peers,
    generationOf,
    isCurrent,
    onSent,
    onFreed,
    onChanged,
  } = options;
  const { clock, page } = platform;
  const others = createOtherTabs(node.currentSessionID, ...(setup.sessionIDs ?? []));
  const killedTabs = watchKilledTabs({
    clock,
    others,
    heldSessionIDs: setup.heldSessionIDs,
    onKilled() {
      catchUp.readSoon();
      onFreed();
    },
  });
  const leases = createLeases({
    node,
    clock,
    ladder,
    others,
    randomFraction: () => randomFraction(platform),
    onLeft: killedTabs.watch,
  });
  const contentImport = createContentImport({ node, ladder, others, logger, onChanged });
  const catchUp = createCatchUp({
    node,
    ladder,
    readDebts,
    clock,
    others,
    pacer,
    logger,
    contentImport,
  });
  /** What was announced as confirmed, by relay and CoValue: tabs that repeated it would keep each other asking. */
  const announced = new Map<string, Map<string, KnownCounts>>();

  const tabStatus = createTabStatus({
    setup,
    node,
    ladder,
    others,
    leases,
    clock,
    page,
    peers,
    channel: () => channel,
  });
  const channel = createAccountChannel({
    setup,
    page,
    sessionID: node.currentSessionID,
    receive,
    receiveRaw: tabStatus.receiveRaw,
    back: catchUp.readAll,
  });
  const announcements = createAnnouncements({
    kept: () => storage.status.current.kind,
    generationOf,
    post: channel.post,
  });
  const unsaved = createUnsavedPosts({ node, ladder, storage, announcements });
  const stopListening = [
    storage.status.subscribe(unsaved.postNew),
    page.on('visible', catchUp.readOwed), // Some browsers suspend a page without an event.
  ];

  function receive(message: TabMessage): void {
    const count = others.present.size;
    const by = others.seen(message.from);
    if (by === others.ownName) return;
    if (others.present.size > count) killedTabs.appeared();
    switch (message.kind) {
      case 'hello':
        channel.post({ kind: 'here' });
        return unsaved.postAll();
      case 'here':
        return;
      case 'bye':
        others.gone(by);
        catchUp.readSoon();
        return;
      case 'saved':
        return receiveSaved(message);
      case 'confirmed':
        return receiveConfirmed(message, by);
      case 'sent':
        return receiveSent(message, by);
      case 'lost':
        // The ledger's confirmations and the relay's record tell what is pending again.
        if (ladder.relayIDs.includes(message.relayID)) catchUp.readSoon();
        return;
      case 'content':
        for (const content of message.contents) {
          unsaved.received(content);
          contentImport.fromTab(content);
        }
    }
  }

  function receiveSaved({ kept, coValues }: Extract<TabMessage, { kind: 'saved' }>): void {
    if (kept !== storage.status.current.kind) return; // The other tab saved it in a different database.
    for (const [id, counts, isUnconfirmed] of coValues) {
      const theirs = others.withoutOwn(counts);
      if (isEmpty(theirs)) continue;
      if (isUnconfirmed) ladder.savedElsewhere(id, theirs);
      catchUp.read(id, theirs);
    }
  }

  function receiveConfirmed(message: Extract<TabMessage, { kind: 'confirmed' }>, by: string): void {
    const { relayID, generation, coValues } = message;
    // A tab that was frozen may have heard it before the relay lost data.
    if (!ladder.relayIDs.includes(relayID) || !isCurrent(relayID, generation)) return;
    for (const [id, counts] of coValues) {
      const theirs = others.withoutOwn(counts);
      leases.confirmed(relayID, id, counts, by);
      // For edits of this tab that another one sent, only the relay's own message counts. A header and a deletion name no
      // author.
      ladder.confirmed(id, ladder.isOwn(id) ? withAuthor(theirs) : theirs, relayID, true);
    }
  }

  function receiveSent({ relayID, coValues }: Extract<TabMessage, { kind: 'sent' }>, by: string): void {
    for (const [id, counts] of coValues) {
      onSent(relayID, id, counts);
      leases.sentBy(relayID, id, counts, by);
    }
  }

  return {
    get isImporting() {
      return contentImport.isImporting;
    },
    beginUploads: leases.beginUploads,
    filter: leases.filter,
    isLeftToOther: leases.isLeftToOther,
    isOverdue: leases.isOverdue,
    storing(content) {
      if (contentImport.isImporting || !ladder.isOwn(content.id)) return;
      const edits = ladder.pending.get(content.id);
      // This tab does not announce content that a relay sent.
      if (edits && touches(edits, knownCountsOfContent(content))) unsaved.storing(content);
    },
    stored(id, counts) {
      const edits = ladder.pending.get(id);
      const isUnconfirmed =
        edits !== undefined && ladder.isPending(id, 'confirmed') && touches(edits, counts);
      announcements.saved(id, counts, isUnconfirmed);
    },
    handled(message, peer) {
      leases.handled(message, peer);
      if (message.action !== 'known' && message.action !== 'load') return;
      const { id } = message;
      const edits = ladder.pending.get(id);
      if (!edits || !ladder.isOwn(id)) return;
      const before = announced.get(peer.id) ?? new Map<string, KnownCounts>();
      announced.set(peer.id, before);
      const confirmed = confirmedIn(edits, peer.id);
      if (isEmpty(missingIn(before.get(id) ?? {}, confirmed))) return;
      before.set(id, confirmed);
      announcements.confirmed(peer.id, id, confirmed);
    },
    recalled: catchUp.count,
    done(id, edits, isOwn) {
      unsaved.done(id);
      leases.done(id);
      if (!isOwn) return;
      for (const byID of announced.values()) byID.delete(id);
      const heard = ladder.relayIDs.map((relayID) => [relayID, generationOf(relayID)] as const);
      // A tab that reads the ledger in the meantime counts the edits as pending.
      debts.whenWritten(() => {
        for (const [relayID, generation] of heard)
          if (generation === generationOf(relayID) && !isEmpty(confirmedIn(edits, relayID)))
            announcements.confirmed(relayID, id, confirmedIn(edits, relayID));
      });
    },
    sent(relayID, id, counts) {
      const theirs = others.ofOthers(counts);
      if (!isEmpty(theirs)) announcements.sent(relayID, id, theirs);
    },
    lost(relayID) {
      announced.delete(relayID);
      leases.lost(relayID);
    },
    lostData: (relayID) => channel.post({ kind: 'lost', relayID }),
    inspection: tabStatus.inspection,
    close() {
      for (const stop of stopListening) stop();
      catchUp.close();
      killedTabs.close();
      channel.close();
    },
  };
}

function withAuthor(counts: KnownCounts): KnownCounts {
  const named = Object.entries(counts).filter(
    ([session]) => session !== 'header' && !isDeleteSession(session),
  );
  return Object.fromEntries(named);
}

function touches(edits: PendingEdits, counts: KnownCounts): boolean {
  return !isEmpty(within(counts, edits));
}

/** What other tabs may count, too. */
function confirmedIn(edits: PendingEdits, relayID: string): KnownCounts {
  return within(atRelay(edits, relayID).confirmed, edits);
}

/** The counts of the sessions that these edits belong to. */
function within(counts: KnownCounts, edits: PendingEdits): KnownCounts {
  const need = needOf(edits);
  return Object.fromEntries(Object.entries(counts).filter(([session]) => session in need));
}
