import type { CojsonInternalTypes, LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../platform/logger.ts';
import type { Pacer } from '../../platform/pacer.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import { coverageOfContent, coverageOfState, isNothing, missingIn, type Coverage } from '../coverage.ts';
import type { Ladder } from '../ladder.ts';
import type { NodeEvents } from '../node-hooks.ts';
import { atRelay, needOf, type PendingEdits } from '../pending-edits.ts';
import { randomFraction } from '../random-fraction.ts';
import type { UnconfirmedMarks } from '../unconfirmed-marks.ts';
import { createAnnouncements } from './announcements.ts';
import { createHolds } from './holds.ts';
import { createOtherTabs } from './other-tabs.ts';
import { createTabLine } from './tab-line.ts';
import type { TabMessage } from './tab-messages.ts';
import { createTabReads } from './tab-reads.ts';
import { createUploads } from './uploads.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** What other tabs of the account do, brought into this node, and what it does, told to them. */
export interface Tabs extends Pick<NodeEvents, 'storing' | 'stored' | 'handling' | 'handled'> {
  /** Content of another tab that could not be saved is being imported. */
  readonly isImporting: boolean;
  /** An upload to the relay is left to another tab for now. */
  isLeftToOther(relayID: string, id: string): boolean;
  /** The ladder is done with it, and its mark is to be taken away. */
  done(id: string, edits: PendingEdits): void;
  /** Content is on its way to the relay. */
  sent(relayID: string, id: string, coverage: Coverage): void;
  /** The connection to the relay has ended. */
  lost(relayID: string): void;
  close(): void;
}

/** How the tabs of an account find each other. */
export interface TabsSetup {
  /** Of the channel; the same for all tabs that share a database. */
  readonly name: string;
  readonly platform: Pick<Platform, 'openTabChannel'>;
}

/** A tab that closes may still be writing; what it wrote is looked for after this. */
const lastWordMs = 500;

export interface TabsOptions {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly marks: UnconfirmedMarks;
  readonly storage: Pick<DeviceStorage, 'status'>;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  /** How a relay calls its storage, where it has said so. */
  readonly storageOf: (relayID: string) => string | undefined;
  /** Another tab has sent so much to the relay. */
  readonly onSent: (relayID: string, id: string, coverage: Coverage) => void;
  /** Another tab's content is in the node now. */
  readonly onChanged: (id: string) => void;
}

export type CreateTabs = (options: TabsOptions) => Tabs;

export function createTabs(options: TabsOptions & { readonly setup: TabsSetup }): Tabs {
  const { setup, node, ladder, marks, storage, platform, pacer, logger, storageOf, onSent, onChanged } =
    options;
  const { clock, page } = platform;
  const others = createOtherTabs(node.currentSessionID);
  const holds = createHolds({
    clock,
    randomFraction: () => randomFraction(platform),
    onDue: (hold) => uploads.due(hold),
  });
  const uploads = createUploads({ node, ladder, holds, others });
  const reads = createTabReads({ node, pacer, logger, handOut });
  /** What was told of a relay's word already, by CoValue. */
  const told = new Map<string, PendingEdits>();
  let isImporting = false;
  let cancelLook: (() => void) | undefined;

  const line = createTabLine({ setup, page, sessionID: node.currentSessionID, hear, back: readAll });
  const announcements = createAnnouncements({
    kept: () => storage.status.current.kind,
    storageOf,
    post: line.post,
  });
  const stopListening = [
    storage.status.subscribe(postUnsaved),
    page.on('visible', readMarked), // Where a browser lets a page sleep without a word.
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
        cancelLook ??= clock.after(lastWordMs, readMarked);
        return;
      case 'saved':
        return hearSaved(message, by);
      case 'confirmed':
        return hearConfirmed(message, by);
      case 'sent':
        return hearSent(message, by);
      case 'content':
        for (const content of message.contents) importContent(content, by);
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
      reads.read(id, theirs, by);
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
      // Of what this tab wrote, and another one has sent, the relay's own word counts.
      if (!isNothing(missingIn(theirs, coverage)) && holds.isHeld(relayID, id)) uploads.askWord(relayID, id);
      ladder.confirmed(id, theirs, relayID);
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

  function importContent(content: NewContent, by: string): void {
    const theirs = { ...content, new: others.withoutOwn(content.new) };
    if (!theirs.header && Object.keys(theirs.new).length === 0) return;
    const core = node.getCoValue(theirs.id);
    if (core.isAvailable() || theirs.header) return take(theirs);
    core.loadFromStorage((isFound) => isFound && take(theirs));

    function take(taken: NewContent): void {
      isImporting = true;
      handOver(taken, by, 'import');
      isImporting = false;
    }
  }

  /** Of a session of its own, a node takes from a storage only what it begins with. */
  function handOut(content: NewContent, by: string | undefined): void {
    const isBegun = node.getCoValue(content.id).isAvailable();
    handOver(isBegun ? { ...content, new: others.withoutOwn(content.new) } : content, by, 'storage');
    // The tab that has written it may be gone, and not have said so.
    ladder.saved(content.id, coverageOfContent(content));
  }

  function handOver(content: NewContent, by: string | undefined, from: 'storage' | 'import'): void {
    const { id } = content;
    const stateOf = () => coverageOfState(node.getCoValue(id).knownState());
    const before = stateOf();
    try {
      uploads.beforeHandOut(content, by);
      node.syncManager.handleNewContent(content, from);
    } catch (error) {
      logger.warn('What another tab has written was rejected', { id, error });
    }
    if (!isNothing(missingIn(before, stateOf()))) onChanged(id);
  }

  /** After messages may have been missed. */
  function readAll(): void {
    for (const { id } of node.allCoValues()) reads.read(id);
    readMarked();
  }

  /** What no relay has confirmed, and another tab may have told while this one slept, or not at all. */
  function readMarked(): void {
    cancelLook?.();
    cancelLook = undefined;
    marks.read((ids) => {
      for (const id of ids as readonly RawCoID[]) {
        reads.read(id);
        if (!ladder.pending.has(id)) countStored(id);
      }
    });
  }

  function countStored(id: RawCoID): void {
    node.storage?.loadKnownState(id, (state) => {
      if (state) ladder.savedElsewhere(id, others.withoutOwn(coverageOfState(state)));
    });
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
      return isImporting;
    },
    isLeftToOther: holds.isHeld,
    storing(content) {
      if (storage.status.current.state === 'ok' || isImporting || !ladder.isOwn(content.id)) return;
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
    done(id, edits) {
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
    close() {
      for (const stop of stopListening) stop();
      cancelLook?.();
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
