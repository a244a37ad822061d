import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import {
  coverageOfContent,
  coverageOfState,
  isNothing,
  missingIn,
  type Coverage,
} from '../../engine/known-counts.ts';
import type { Ladder } from '../ladder.ts';
import type { TabsInspection } from '../inspection.ts';
import type { NodeEvents } from '../node-hooks.ts';
import type { PeerStatus } from '../peer-status.ts';
import { atRelay, needOf, type PendingEdits } from '../pending-edits.ts';
import { randomFraction } from '../random-fraction.ts';
import type { UnconfirmedMarks } from '../unconfirmed-marks.ts';
import { createAnnouncements } from './announcements.ts';
import { createCatchUp } from './catch-up.ts';
import { createHandOver } from './content-import.ts';
import { createHolds } from './holds.ts';
import { createOtherTabs } from './other-tabs.ts';
import { createRollCall } from './tab-status.ts';
import { createTabLine } from './tab-channel.ts';
import type { TabMessage } from './tab-messages.ts';
import { createUploads } from './uploads.ts';

/** What other tabs of the account do, brought into this node, and what it does, told to them. */
export interface Tabs extends Pick<NodeEvents, 'storing' | 'stored' | 'handling' | 'handled'> {
  /** Content of another tab that could not be saved is being imported. */
  readonly isImporting: boolean;
  /** An upload to the relay is left to another tab for now. */
  isLeftToOther(relayID: string, id: string): boolean;
  /** The ladder counts what an earlier run left behind. */
  recalled(ids: Iterable<string>): void;
  /** The ladder is done with it. Where this tab answers for it, its mark is to be taken away. */
  done(id: string, edits: PendingEdits, isOwn: boolean): void;
  /** Content is on its way to the relay. */
  sent(relayID: string, id: string, coverage: Coverage): void;
  /** The connection to the relay has ended. */
  lost(relayID: string): void;
  /** Which tabs there are, for who inspects this one. */
  readonly inspection: TabsInspection;
  close(): void;
}

/** How the tabs of an account find each other. */
export interface TabsSetup {
  /** Of the channel; the same for all tabs that share a database. */
  readonly name: string;
  readonly platform: Pick<Platform, 'openTabChannel'>;
  /** Under which this tab writes. The first is the node's, which is also the default. */
  readonly sessionIDs?: readonly string[];
  /** Those of the account that a tab holds now, by its lock. Resolves with undefined where the browser does not tell. */
  readonly heldSessionIDs?: () => Promise<readonly string[] | undefined>;
}

export interface TabsOptions {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly marks: UnconfirmedMarks;
  readonly storage: Pick<DeviceStorage, 'status'>;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly peers: () => readonly PeerStatus[];
  /** How a relay calls its storage, where it has said so. */
  readonly storageOf: (relayID: string) => string | undefined;
  /** Another tab has sent so much to the relay. */
  readonly onSent: (relayID: string, id: string, coverage: Coverage) => void;
  /** Another tab's content is in the node now. */
  readonly onChanged: (id: string) => void;
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
  const handOver = createHandOver({ node, ladder, others, uploads, logger, onChanged });
  const catchUp = createCatchUp({
    ...{ node, ladder, marks, clock, others, pacer, logger, handOver },
    onRecalled: (id) => recalled.add(id),
  });
  /** Counted without knowing which of its edits nobody has confirmed. */
  const recalled = new Set<string>();
  /** What was told of a relay's word already, by CoValue. */
  const told = new Map<string, PendingEdits>();

  const rollCall = createRollCall({
    ...{ setup, node, ladder, others, uploads, clock, page, peers },
    isRecalled: (id) => recalled.has(id),
    line: () => line,
  });
  const line = createTabLine({
    ...{ setup, page, sessionID: node.currentSessionID, hear },
    ...{ overhear: rollCall.overhear, back: catchUp.readAll },
  });
  const announcements = createAnnouncements({
    kept: () => storage.status.current.kind,
    storageOf,
    post: line.post,
  });
  const stopListening = [
    storage.status.subscribe(postUnsaved),
    page.on('visible', catchUp.readMarked), // Where a browser lets a page sleep without a word.
  ];

  function hear(message: TabMessage): void {
    const by = others.heard(message.from);
    if (by === others.own) return;
    switch (message.kind) {
      case 'hello':
        line.post({ kind: 'here' });
        return postUnsaved();
      case 'here':
        return;
      case 'bye':
        others.silent(by);
        holds.hurry(by);
        catchUp.readLastWord();
        return;
      case 'saved':
        return hearSaved(message, by);
      case 'confirmed':
        return hearConfirmed(message, by);
      case 'sent':
        return hearSent(message, by);
      case 'content':
        for (const content of message.contents) handOver.fromTab(content, by);
    }
  }

  function hearSaved({ kept, coValues }: Extract<TabMessage, { kind: 'saved' }>, by: string): void {
    if (kept !== storage.status.current.kind) return; // It stands in another database.
    for (const [id, coverage, isUnconfirmed] of coValues) {
      const theirs = others.withoutOwn(coverage);
      if (isNothing(theirs)) continue;
      if (isUnconfirmed) {
        ladder.savedElsewhere(id, theirs);
        uploads.leave(id, theirs, by);
      }
      catchUp.read(id, theirs, by);
    }
  }

  function hearConfirmed(message: Extract<TabMessage, { kind: 'confirmed' }>, by: string): void {
    const { relayID, coValues } = message;
    if (!ladder.relayIDs.includes(relayID)) return;
    const known = storageOf(relayID);
    // It may speak of what the relay had before it lost its data.
    if (known !== undefined && known !== message.storage) return;
    for (const [id, coverage, isUnmarked] of coValues) {
      const theirs = others.withoutOwn(coverage);
      holds.confirmed(relayID, id, theirs, by);
      // Of what this tab wrote, and another one has sent, the relay's own word counts. A header has no author to tell by.
      const { header: _, ...edits } = theirs;
      const heard = ladder.isOwn(id) ? edits : theirs;
      if (!isNothing(missingIn(heard, coverage)) && holds.isHeld(relayID, id)) uploads.askWord(relayID, id);
      ladder.confirmed(id, heard, relayID);
      if (!ladder.pending.has(id)) uploads.done(id);
      // All tabs share one mark, and this one still needs it.
      if (isUnmarked && ladder.isOwn(id)) marks.set(id, true);
    }
    marks.write();
  }

  function hearSent({ relayID, coValues }: Extract<TabMessage, { kind: 'sent' }>, by: string): void {
    for (const [id, coverage] of coValues) {
      onSent(relayID, id, coverage);
      uploads.sentBy(relayID, id, coverage, by);
    }
  }

  /** Where saving fails, the others are given the content itself. */
  function postUnsaved(): void {
    if (storage.status.current.state === 'ok') return;
    for (const id of ladder.pending.keys()) {
      if (!ladder.isOwn(id) || !ladder.isPending(id, 'saved')) continue;
      for (const content of node.getCoValue(id as RawCoID).newContentSince() ?? [])
        announcements.content(content);
    }
  }

  return {
    get isImporting() {
      return handOver.isImporting;
    },
    isLeftToOther: holds.isHeld,
    storing(content) {
      if (storage.status.current.state === 'ok' || handOver.isImporting || !ladder.isOwn(content.id)) return;
      const edits = ladder.pending.get(content.id);
      // What a relay brought is not this tab's to tell.
      if (edits && touches(edits, coverageOfContent(content))) announcements.content(content);
    },
    stored(id, coverage) {
      const edits = ladder.pending.get(id);
      const isUnconfirmed =
        edits !== undefined && ladder.isPending(id, 'confirmed') && touches(edits, coverage);
      announcements.saved(id, coverage, isUnconfirmed);
    },
    handling: uploads.beforeMessage,
    handled(message, peer) {
      if (message.action !== 'known' && message.action !== 'load') return;
      const { id } = message;
      holds.confirmed(peer.id, id, coverageOfState(message));
      const edits = ladder.pending.get(id);
      if (!edits) uploads.done(id);
      if (!edits || !ladder.isOwn(id) || told.get(id) === edits) return;
      told.set(id, edits);
      const confirmed = within(atRelay(edits, peer.id).confirmed, edits);
      if (!isNothing(confirmed)) announcements.confirmed(peer.id, id, confirmed, false);
    },
    recalled(ids) {
      for (const id of ids) recalled.add(id);
    },
    done(id, edits, isOwn) {
      recalled.delete(id);
      if (!isOwn) return;
      told.delete(id);
      uploads.done(id);
      const relayIDs = ladder.relayIDs;
      // Who renews the mark now does it after this tab has taken it away.
      marks.whenWritten(() => {
        for (const relayID of relayIDs) announcements.confirmed(relayID, id, needOf(edits), true);
      });
    },
    sent(relayID, id, coverage) {
      const theirs = others.ofOthers(coverage);
      if (!isNothing(theirs)) announcements.sent(relayID, id, theirs);
    },
    lost(relayID) {
      holds.lost(relayID);
      uploads.lost(relayID);
    },
    inspection: rollCall.inspection,
    close() {
      for (const stop of stopListening) stop();
      catchUp.close();
      holds.close();
      line.close();
    },
  };
}

function touches(edits: PendingEdits, coverage: Coverage): boolean {
  return !isNothing(within(coverage, edits));
}

/** As much as speaks of these edits. */
function within(coverage: Coverage, edits: PendingEdits): Coverage {
  const need = needOf(edits);
  return Object.fromEntries(Object.entries(coverage).filter(([session]) => session in need));
}
