import type { AvailableCoValueCore, LocalNode } from 'cojson';
import { isDeleteSession, sessionsOf, type Content, type SessionID } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { interceptContent } from '../../engine/node-events.ts';

/**
 * The content of a relay that cojson refuses, on the current connection. To try a session again, cojson verifies the whole
 * CoValue again, so content whose signature was wrong is not tried again as long as this device has the same of the session.
 */
export interface RefusedContent {
  /**
   * After it has refused content, cojson ignores all later messages about the CoValue, also a deletion: call it where they
   * must count. Does nothing for a CoValue of which the relay has sent too much that was refused.
   */
  listenAgain(id: string): void;
  lost(): void;
  stop(): void;
}

/** Of one CoValue. An honest relay sends what a copy of the browser profile wrote, anew after each own edit. */
const mostRefusals = 20;

interface Refusals {
  /** What this device had of each session whose signature was wrong. */
  readonly ends: Map<string, string>;
  count: number;
}

export function followRefusedContent(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly onRefused: (id: Content['id'], sessionIDs: readonly SessionID[]) => void;
}): RefusedContent {
  const { node, relayID, onRefused } = options;
  const refusalsByID = new Map<string, Refusals>();

  function withoutRefused(content: Content): Content {
    const { ends } = refusalsByID.get(content.id) ?? {};
    const core = ends && availableIn(node, content);
    if (!core) return content;
    const rest = sessionsOf(content).filter(
      ([sessionID, session]) =>
        ends.get(sessionID) !== endOf(core, sessionID) || !continues(core, sessionID, session),
    );
    return { ...content, new: Object.fromEntries(rest) };
  }

  function noteRefused(content: Content): void {
    const core = availableIn(node, content);
    if (!core?.isErroredInPeer(relayID) || core.isDeleted) return;
    const refused = sessionsOf(content).filter((session) => continues(core, ...session));
    if (refused.length === 0) return;
    const refusals = refusalsByID.get(content.id) ?? { ends: new Map<string, string>(), count: 0 };
    refusalsByID.set(content.id, refusals);
    refusals.count += refused.length;
    const ids = refused.map(([sessionID]) => sessionID);
    // Content that cojson refuses for another reason can count once more has arrived.
    if (isWrongSignature(core.getErroredInPeerError(relayID)))
      for (const sessionID of ids.filter((one) => !isDeleteSession(one)))
        refusals.ends.set(sessionID, endOf(core, sessionID));
    onRefused(content.id, ids);
  }

  function listenTo(id: string): void {
    const core = getKnownCoValue(node, id);
    if (core?.isErroredInPeer(relayID)) core.markNotFoundInPeer(relayID);
  }

  const stop = interceptContent(node, 'refusals', (next) => (content, from) => {
    if (typeof from !== 'object' || from.id !== relayID) return next(content, from);
    const rest = withoutRefused(content);
    next(rest, from);
    noteRefused(rest);
  });

  return {
    listenAgain(id) {
      if ((refusalsByID.get(id)?.count ?? 0) <= mostRefusals) listenTo(id);
    },
    lost() {
      for (const id of refusalsByID.keys()) listenTo(id);
      refusalsByID.clear();
    },
    stop,
  };
}

function availableIn(node: LocalNode, { id }: Content): AvailableCoValueCore | undefined {
  const core = getKnownCoValue(node, id);
  return core?.isAvailable() ? core : undefined;
}

/** Whether cojson tries to add some of it to what is here. */
function continues(
  { verified }: AvailableCoValueCore,
  sessionID: SessionID,
  { after, newTransactions }: Content['new'][SessionID],
): boolean {
  const had = verified.getTransactionsCount(sessionID) ?? 0;
  return after <= had && had < after + newTransactions.length;
}

function endOf({ verified }: AvailableCoValueCore, sessionID: SessionID): string {
  const count = verified.getTransactionsCount(sessionID) ?? 0;
  return count === 0 ? '' : `${count} ${verified.getSession(sessionID)?.lastSignature}`;
}

function isWrongSignature(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'type' in error && error.type === 'InvalidSignature';
}
