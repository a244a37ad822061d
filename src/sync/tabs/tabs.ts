import {
  knownCountsOfContent,
  knownCountsOfState,
  isEmpty,
  missingIn,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { TabsInspection } from '../inspection.ts';
import type { NodeEvents } from '../../engine/node-events.ts';
import { atRelay, needOf, type PendingEdits } from '../pending-edits.ts';
import { randomFraction } from '../random-fraction.ts';
import { createAnnouncements } from './announcements.ts';
import { createCatchUp } from './catch-up.ts';
import { createContentImport } from './content-import.ts';
import { createHolds } from './holds.ts';
import { createOtherTabs } from './other-tabs.ts';
import { createTabStatus } from './tab-status.ts';
import { createAccountChannel } from './tab-channel.ts';
import type { TabMessage } from './tab-messages.ts';
import type { TabsOptions, TabsSetup } from './tabs-options.ts';
import { createUploads } from './uploads.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** Brings the work of the account's other tabs into this node, and announces this tab's work to them. */
export interface Tabs extends Pick<NodeEvents, 'storing' | 'stored' | 'handling' | 'handled'> {
  /** True while content that another tab could not save is being imported. */
  readonly isImporting: boolean;
  /** Whether the upload to the relay is left to another tab for now. */
  isLeftToOther(relayID: string, id: string): boolean;
  /** The ladder counts what an earlier run left behind. */
  recalled(ids: Iterable<string>): void;
  /** The ladder has no more pending edits of the CoValue. If they were this tab's own, their mark is removed. */
  done(id: string, edits: PendingEdits, isOwn: boolean): void;
  sent(relayID: string, id: string, counts: KnownCounts): void;
  /** The connection to the relay has ended. */
  lost(relayID: string): void;
  readonly inspection: TabsInspection;
  close(): void;
}

export type CreateTabs = (options: TabsOptions) => Tabs;

export function createTabs(options: TabsOptions & { readonly setup: TabsSetup }): Tabs {
  const {
    setup,
    node,
    ladder,
    marks,
    storage,
    platform,
    pacer,
    logger,
    peers,
    storageOf,
    onSent,
    onChanged,
  } = options;
  const { clock, page } = platform;
  const others = createOtherTabs(node.currentSessionID);
  const holds = createHolds({
    clock,
    randomFraction: () => randomFraction(platform),
    onDue: (hold) => uploads.due(hold),
  });
  const uploads = createUploads({ node, ladder, holds, others });
  const contentImport = createContentImport({ node, ladder, others, uploads, logger, onChanged });
  const catchUp = createCatchUp({
    node,
    ladder,
    marks,
    clock,
    others,
    pacer,
    logger,
    contentImport,
    onRecalled: (id) => recalled.add(id),
  });
  /** CoValues counted as a whole, because it is unknown which of their edits are unconfirmed. */
  const recalled = new Set<string>();
  /** By CoValue, the edits whose confirmation was already announced. */
  const announced = new Map<string, PendingEdits>();

  const tabStatus = createTabStatus({
    setup,
    node,
    ladder,
    others,
    uploads,
    clock,
    page,
    peers,
    isRecalled: (id) => recalled.has(id),
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
    storageOf,
    post: channel.post,
  });
  const stopListening = [
    storage.status.subscribe(postUnsaved),
    page.on('visible', catchUp.readMarked), // Some browsers suspend a page without an event.
  ];

  function receive(message: TabMessage): void {
    const by = others.seen(message.from);
    if (by === others.ownName) return;
    switch (message.kind) {
      case 'hello':
        channel.post({ kind: 'here' });
        return postUnsaved();
      case 'here':
        return;
      case 'bye':
        others.gone(by);
        holds.hurry(by);
        catchUp.readLastWord();
        return;
      case 'saved':
        return receiveSaved(message, by);
      case 'confirmed':
        return receiveConfirmed(message, by);
      case 'sent':
        return receiveSent(message, by);
      case 'content':
        for (const content of message.contents) contentImport.fromTab(content, by);
    }
  }

  function receiveSaved({ kept, coValues }: Extract<TabMessage, { kind: 'saved' }>, by: string): void {
    if (kept !== storage.status.current.kind) return; // The other tab saved it in a different database.
    for (const [id, counts, isUnconfirmed] of coValues) {
      const theirs = others.withoutOwn(counts);
      if (isEmpty(theirs)) continue;
      if (isUnconfirmed) {
        ladder.savedElsewhere(id, theirs);
        uploads.leave(id, theirs, by);
      }
      catchUp.read(id, theirs, by);
    }
  }

  function receiveConfirmed(message: Extract<TabMessage, { kind: 'confirmed' }>, by: string): void {
    const { relayID, coValues } = message;
    if (!ladder.relayIDs.includes(relayID)) return;
    const known = storageOf(relayID);
    // The announcement may be from before the relay lost its data.
    if (known !== undefined && known !== message.storage) return;
    for (const [id, counts, isUnmarked] of coValues) {
      const theirs = others.withoutOwn(counts);
      holds.confirmed(relayID, id, theirs, by);
      // For edits of this tab that another one sent, only the relay's own message counts. A header has no known author.
      const { header: _, ...edits } = theirs;
      const theirKnown = ladder.isOwn(id) ? edits : theirs;
      if (!isEmpty(missingIn(theirKnown, counts)) && holds.isHeld(relayID, id))
        uploads.requestKnown(relayID, id);
      ladder.confirmed(id, theirKnown, relayID);
      if (!ladder.pending.has(id)) uploads.done(id);
      // All tabs share one mark, and this tab still needs it.
      if (isUnmarked && ladder.isOwn(id)) marks.set(id, true);
    }
    marks.write();
  }

  function receiveSent({ relayID, coValues }: Extract<TabMessage, { kind: 'sent' }>, by: string): void {
    for (const [id, counts] of coValues) {
      onSent(relayID, id, counts);
      uploads.sentBy(relayID, id, counts, by);
    }
  }

  /** While saving fails, sends the content itself to the other tabs. */
  function postUnsaved(): void {
    if (storage.status.current.state === 'ok') return;
    for (const id of ladder.pending.keys()) {
      if (!ladder.isOwn(id) || !ladder.isPending(id, 'saved')) continue;
      for (const content of getOrCreateCoValue(node, id).newContentSince() ?? [])
        announcements.content(content);
    }
  }

  return {
    get isImporting() {
      return contentImport.isImporting;
    },
    isLeftToOther: holds.isHeld,
    storing(content) {
      if (storage.status.current.state === 'ok' || contentImport.isImporting || !ladder.isOwn(content.id))
        return;
      const edits = ladder.pending.get(content.id);
      // This tab does not announce content that a relay sent.
      if (edits && touches(edits, knownCountsOfContent(content))) announcements.content(content);
    },
    stored(id, counts) {
      const edits = ladder.pending.get(id);
      const isUnconfirmed =
        edits !== undefined && ladder.isPending(id, 'confirmed') && touches(edits, counts);
      announcements.saved(id, counts, isUnconfirmed);
    },
    handling: uploads.beforeMessage,
    handled(message, peer) {
      if (message.action !== 'known' && message.action !== 'load') return;
      const { id } = message;
      holds.confirmed(peer.id, id, knownCountsOfState(message));
      const edits = ladder.pending.get(id);
      if (!edits) uploads.done(id);
      if (!edits || !ladder.isOwn(id) || announced.get(id) === edits) return;
      announced.set(id, edits);
      const confirmed = within(atRelay(edits, peer.id).confirmed, edits);
      if (!isEmpty(confirmed)) announcements.confirmed(peer.id, id, confirmed, false);
    },
    recalled(ids) {
      for (const id of ids) recalled.add(id);
    },
    done(id, edits, isOwn) {
      recalled.delete(id);
      if (!isOwn) return;
      announced.delete(id);
      uploads.done(id);
      const relayIDs = ladder.relayIDs;
      // A tab that still needs the mark sets it again after this tab has removed it.
      marks.whenWritten(() => {
        for (const relayID of relayIDs) announcements.confirmed(relayID, id, needOf(edits), true);
      });
    },
    sent(relayID, id, counts) {
      const theirs = others.ofOthers(counts);
      if (!isEmpty(theirs)) announcements.sent(relayID, id, theirs);
    },
    lost(relayID) {
      holds.lost(relayID);
      uploads.lost(relayID);
    },
    inspection: tabStatus.inspection,
    close() {
      for (const stop of stopListening) stop();
      catchUp.close();
      holds.close();
      channel.close();
    },
  };
}

function touches(edits: PendingEdits, counts: KnownCounts): boolean {
  return !isEmpty(within(counts, edits));
}

/** The counts of the sessions that these edits belong to. */
function within(counts: KnownCounts, edits: PendingEdits): KnownCounts {
  const need = needOf(edits);
  return Object.fromEntries(Object.entries(counts).filter(([session]) => session in need));
}
