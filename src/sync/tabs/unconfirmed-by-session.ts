import type { LocalNode } from 'cojson';
import type { Unconfirmed } from '../inspection.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { hasReached, type PendingEdits } from '../delivery/pending-edits.ts';
import { tabOf } from './other-tabs.ts';

/** One session's edits of a CoValue that not every relay has confirmed. */
interface Part {
  /** Undefined for a CoValue's header and for its deletion, which do not name their author. */
  readonly sessionID: string | undefined;
  readonly sinceMs: number;
}

interface Sum extends Unconfirmed {
  coValues: number;
  oldestSinceMs: number;
  readonly ids: string[];
}

/** IDs per session; the count covers the rest. */
const maxIDs = 20;

/** Which of the account's sessions wrote the unconfirmed edits. Cached by edit, because there may be thousands. */
export function createUnconfirmedBySession(
  node: LocalNode,
  /** Of this tab. The first one identifies it. */
  sessionIDs: readonly string[],
  ladder: Pick<Ladder, 'pending' | 'isOwn' | 'relayIDs'>,
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
      for (const [name, count] of Object.entries(need)) {
        if (hasReached(edits, 'confirmed', ladder.relayIDs, { [name]: count })) continue;
        const sessionID = sessionOf(name);
        if (sessionID === null) continue;
        if (!parts.has(sessionID)) parts.set(sessionID, { sessionID, sinceMs });
      }
    }
    if (parts.size > 1) parts.delete(undefined);
    known.set(edits, [...parts.values()]);
    return [...parts.values()];
  }

  /** Null for a session of another account. */
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
      for (const { sessionID = ladder.isOwn(id) ? ownID : undefined, sinceMs } of partsOf(edits)) {
        if (sessionID === undefined) continue;
        let sum = all.get(sessionID);
        if (!sum) all.set(sessionID, (sum = { coValues: 0, oldestSinceMs: sinceMs, ids: [] }));
        sum.coValues++;
        sum.oldestSinceMs = Math.min(sum.oldestSinceMs, sinceMs);
        if (sum.ids.length < maxIDs) sum.ids.push(id);
      }
    }
    return all;
  };
}
