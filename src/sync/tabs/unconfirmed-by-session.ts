import type { LocalNode } from 'cojson';
import { isNothing } from '../../engine/known-counts.ts';
import type { Unconfirmed } from '../inspection.ts';
import type { Ladder } from '../ladder.ts';
import { hasReached, type PendingEdits } from '../pending-edits.ts';
import { tabOf } from './other-tabs.ts';

/** What one session has written of a CoValue that not every relay has confirmed. */
interface Part {
  /** Undefined for a CoValue's beginning and for its deletion, which do not say who wrote them. */
  readonly sessionID: string | undefined;
  readonly sinceMs: number;
  /** One moment's edits have been this session's alone. */
  readonly isAlone: boolean;
}

interface Sum extends Unconfirmed {
  coValues: number;
  certain: number;
  oldestSinceMs: number;
  readonly ids: string[];
}

/** To look them up by; the count says how many there are. */
const mostIDs = 20;

/**
 * Which session of the account has written what is not confirmed, by the name that it has under the account's id. Of
 * thousands, only what is new since the last reading is looked into.
 */
export function createUnconfirmedBySession(
  node: LocalNode,
  /** Of this tab, which is named by the first. */
  sessionIDs: readonly string[],
  ladder: Pick<Ladder, 'pending' | 'isOwn' | 'relayIDs'>,
  /** Counted by the mark on all of it, as an earlier run or another tab left it. */
  isRecalled: (id: string) => boolean,
): () => ReadonlyMap<string, Unconfirmed> {
  const [ownID = node.currentSessionID] = sessionIDs;
  const account = ownID.slice(0, -tabOf(ownID).length);
  const authors = [account, node.crypto.getAgentID(node.agentSecret)];
  let known = new WeakMap<PendingEdits, readonly Part[]>();
  let knownRelayIDs: readonly string[] = [];

  function partsOf(edits: PendingEdits): readonly Part[] {
    const before = known.get(edits);
    if (before) return before;
    const parts = new Map<string | undefined, Part>();
    for (const { sinceMs, need } of edits.edits) {
      const sessions = Object.keys(need).filter((name) => name !== 'header');
      for (const [name, count] of Object.entries(need)) {
        if (hasReached(edits, 'confirmed', ladder.relayIDs, { [name]: count })) continue;
        const sessionID = sessionOf(name);
        if (sessionID === null) continue;
        const before = parts.get(sessionID) ?? { sessionID, sinceMs, isAlone: false };
        parts.set(sessionID, { ...before, isAlone: before.isAlone || sessions.length <= 1 });
      }
    }
    if (parts.size > 1) parts.delete(undefined);
    known.set(edits, [...parts.values()]);
    return [...parts.values()];
  }

  /** Null for another account's. */
  function sessionOf(name: string): string | undefined | null {
    if (name === 'header' || name.endsWith('$')) return undefined;
    const tab = tabOf(name);
    if (!authors.includes(name.slice(0, -tab.length))) return null;
    return sessionIDs.includes(account + tab) ? ownID : account + tab;
  }

  return () => {
    if (ladder.relayIDs !== knownRelayIDs) known = new WeakMap();
    knownRelayIDs = ladder.relayIDs;
    const all = new Map<string, Sum>();
    for (const [id, edits] of ladder.pending) {
      for (const { sessionID = ladder.isOwn(id) ? ownID : undefined, sinceMs, isAlone } of partsOf(edits)) {
        if (sessionID === undefined) continue;
        // Until a relay speaks, any of the sessions that wrote in it may be meant.
        const isCertain = isAlone || !isRecalled(id) || hasWord(edits);
        let own = all.get(sessionID);
        if (!own) all.set(sessionID, (own = { coValues: 0, certain: 0, oldestSinceMs: sinceMs, ids: [] }));
        own.coValues++;
        if (isCertain) own.certain++;
        own.oldestSinceMs = Math.min(own.oldestSinceMs, sinceMs);
        if (own.ids.length < mostIDs) own.ids.push(id);
      }
    }
    return all;
  };
}

function hasWord({ atRelays }: PendingEdits): boolean {
  return Object.values(atRelays).some(({ confirmed }) => !isNothing(confirmed));
}
