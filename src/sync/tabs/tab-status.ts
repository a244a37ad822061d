import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Page } from '../../platform/platform.ts';
import { isSessionID } from '../../wire/ids.ts';
import { isJsonRecord } from '../../base/json.ts';
import type { TabFacts, TabsInspection, Unconfirmed } from '../inspection.ts';
import type { Ladder } from '../ladder.ts';
import type { PeerStatus } from '../peer-status.ts';
import { tabOf, type OtherTabs } from './other-tabs.ts';
import type { TabLine } from './tab-channel.ts';
import type { TabsSetup } from './tabs.ts';
import { createUnconfirmedBySession } from './unconfirmed-by-session.ts';
import type { Uploads } from './uploads.ts';

/** Asked by a tab that is inspected, and answered by each that hears it. The content of the account is not touched by either. */
export type RollCallMessage =
  | { readonly kind: 'who'; readonly roll: number }
  | ({ readonly kind: 'there'; readonly roll: number } & TabFacts);

export interface RollCall {
  readonly inspection: TabsInspection;
  /** To be called with all that arrives on the line. */
  overhear(data: unknown): void;
}

/** Goes up when a fact changes its meaning. A tab of another version is there, and nothing else is known of it. */
const rollCallVersion = 1;
const longestTitle = 100;
const nothing: Unconfirmed = { coValues: 0, certain: 0, ids: [] };

/** Who is there, told to who asks. Nobody is asked unless somebody inspects, and until then nothing is kept. */
export function createRollCall(options: {
  readonly setup: Pick<TabsSetup, 'sessionIDs' | 'heldSessionIDs'>;
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'isOwn' | 'relayIDs'>;
  readonly others: Pick<OtherTabs, 'own' | 'uploaderOf'>;
  readonly uploads: Pick<Uploads, 'isTakenOver'>;
  readonly isRecalled: (id: string) => boolean;
  readonly clock: Clock;
  readonly page: Pick<Page, 'title' | 'isVisible'>;
  readonly peers: () => readonly PeerStatus[];
  readonly line: () => Pick<TabLine, 'isOpen' | 'post'>;
}): RollCall {
  const { setup, node, ladder, others, uploads, isRecalled, clock, page, peers, line } = options;
  const ownID = node.currentSessionID;
  const { sessionIDs = [ownID] } = setup;
  const sinceMs = clock.nowMs();
  const unconfirmed = createUnconfirmedBySession(node, sessionIDs, ladder, isRecalled);
  const listeners = new Set<(data: unknown) => void>();

  function own(bySession = unconfirmed()): TabFacts {
    return {
      sessionIDs,
      sinceMs,
      title: (page.title ?? '').slice(0, longestTitle),
      isVisible: page.isVisible,
      relays: peers().map(({ url, phase }) => ({ host: new URL(url).host, phase })),
      unconfirmed: bySession.get(ownID) ?? nothing,
    };
  }

  return {
    inspection: {
      own,
      get isOpen() {
        return line().isOpen;
      },
      ask: () => line().post({ kind: 'who', roll: rollCallVersion }),
      listen(listener) {
        const each = (data: unknown) => listener(data);
        listeners.add(each);
        return () => void listeners.delete(each);
      },
      heldSessionIDs: () => setup.heldSessionIDs?.() ?? Promise.resolve(undefined),
      unconfirmed,
      uploaderOf(sessionID, ids) {
        if (ids.some(uploads.isTakenOver)) return ownID;
        const tab = others.uploaderOf(sessionID);
        return tab === tabOf(sessionID) ? undefined : ownID.slice(0, -others.own.length) + tab;
      },
    },
    overhear(data) {
      if (isQuestion(data)) line().post({ kind: 'there', roll: rollCallVersion, ...own() });
      for (const listener of listeners) listener(data);
    },
  };
}

/** Of whatever version: what it cannot read of the answer, it leaves. */
function isQuestion(data: unknown): boolean {
  return isJsonRecord(data) && data.v === 1 && data.kind === 'who' && isSessionID(data.from);
}
