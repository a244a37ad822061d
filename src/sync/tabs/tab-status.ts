import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Page } from '../../platform/platform.ts';
import { isSessionID } from '../../wire/ids.ts';
import { isRecord } from '../../base/record.ts';
import type { TabFacts, TabsInspection, Unconfirmed } from '../inspection.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { PeerStatus } from '../peer-status.ts';
import { relayNames } from '../relay-names.ts';
import type { Leases } from './leases.ts';
import { tabOf, type OtherTabs } from './other-tabs.ts';
import type { AccountChannel } from './tab-channel.ts';
import type { TabsSetup } from './tabs-options.ts';
import { createUnconfirmedBySession } from './unconfirmed-by-session.ts';

export interface TabStatus {
  readonly inspection: TabsInspection;
  receiveRaw(data: unknown): void;
}

/** Incremented when a fact is removed or changes its meaning. A tab with another version shows only that it is present. */
const statusVersion = 2;
const maxTitleLength = 100;
const nothing: Unconfirmed = { coValues: 0, ids: [] };

/** Answers inspected tabs with facts about this one. Posts nothing, and keeps nothing, unless a tab is inspected. */
export function createTabStatus(options: {
  readonly setup: Pick<TabsSetup, 'sessionIDs' | 'heldSessionIDs'>;
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'isOwn' | 'relayIDs'>;
  readonly others: Pick<OtherTabs, 'ownName' | 'uploaderOf'>;
  readonly leases: Pick<Leases, 'isLeft' | 'isLeftToOther'>;
  readonly clock: Clock;
  readonly page: Pick<Page, 'title' | 'isVisible'>;
  readonly peers: () => readonly PeerStatus[];
  readonly channel: () => Pick<AccountChannel, 'isOpen' | 'post'>;
}): TabStatus {
  const { setup, node, ladder, others, leases, clock, page, peers, channel } = options;
  const ownID = node.currentSessionID;
  const { sessionIDs = [ownID] } = setup;
  const sinceMs = clock.nowMs();
  const unconfirmed = createUnconfirmedBySession(node, sessionIDs, ladder);
  const listeners = new Set<(data: unknown) => void>();

  function describeThisTab(bySession = unconfirmed()): TabFacts {
    const relays = peers();
    const hosts = relayNames(relays.map(({ url }) => url));
    return {
      sessionIDs,
      sinceMs,
      title: (page.title ?? '').slice(0, maxTitleLength),
      isVisible: page.isVisible,
      relays: relays.map(({ url, phase }, index) => ({ host: hosts[index] ?? url, phase })),
      unconfirmed: bySession.get(ownID) ?? nothing,
    };
  }

  return {
    inspection: {
      describeThisTab,
      get isOpen() {
        return channel().isOpen;
      },
      ask: () => channel().post({ kind: 'who', roll: statusVersion }),
      listen(listener) {
        const entry = (data: unknown) => listener(data);
        listeners.add(entry);
        return () => void listeners.delete(entry);
      },
      heldSessionIDs: () => setup.heldSessionIDs?.() ?? Promise.resolve(undefined),
      unconfirmed,
      uploaderOf(sessionID, ids) {
        const isLeft = (id: string) => ladder.relayIDs.every((relay) => leases.isLeft(relay, id, sessionID));
        if (!ids.every(isLeft)) return ownID;
        const tab = others.uploaderOf(sessionID);
        return tab === tabOf(sessionID) ? undefined : ownID.slice(0, -others.ownName.length) + tab;
      },
      isLeftToOther: leases.isLeftToOther,
    },
    receiveRaw(data) {
      if (isQuestion(data)) channel().post({ kind: 'there', roll: statusVersion, ...describeThisTab() });
      for (const listener of listeners) listener(data);
    },
  };
}

/** Accepts any version: the asking tab ignores facts that it cannot read. */
function isQuestion(data: unknown): boolean {
  return isRecord(data) && data.v === 1 && data.kind === 'who' && isSessionID(data.from);
}
