import type { LocalNode, PeerState } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Pacer } from '../../base/pacer.ts';
import { sessionsOf, type Content, type SessionContent } from '../../engine/content.ts';
import { addHeldContent, announcedSessionsOf, getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { interceptContent } from '../../engine/node-events.ts';
import { notifySoon } from '../../engine/private-methods.ts';
import { isBoundAuthor, withOwnHeader, wrongPlaceOf } from '../../engine/session-place.ts';
import type { SyncEvents } from '../sync-events.ts';
import { createAbsentAuthors, type AbsentAuthors, type Hold } from './absent-authors.ts';
import { createAnnouncedContent } from './announced-content.ts';

/**
 * Drops sessions that relays send in places that they were not signed for: they are not stored, passed on or acknowledged, and
 * leave room for what their author wrote there. The rest of the message is handled.
 */
export interface DroppedContent {
  /** Returns what may be handled; undefined if that is nothing. */
  admit(relayID: string, content: Content): Content | undefined;
  /** The relay sends everything again on its next connection. */
  lost(relayID: string): void;
  stop(): void;
}

const reasons = {
  'other-place': 'It was signed for another CoValue or session.',
  'no-place': 'It names no place, although a kernel made the account.',
};

/** Of one connection. A relay may send any number of sessions; of what is beyond, only the beginnings are dropped. */
const mostRemembered = 10_000;

export function createDroppedContent(options: {
  readonly node: LocalNode;
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>;
  readonly pacer: Pick<Pacer, 'lane'>;
  /** Whether nothing is dropped. */
  readonly takesReplays?: boolean;
  /** Called once for each session and connection. */
  readonly onDropped: (dropped: SyncEvents['dropped']) => void;
}): DroppedContent {
  const { node, takesReplays = false, onDropped } = options;
  const authorsByRelay = new Map<string, AbsentAuthors>();
  const announced = createAnnouncedContent({
    ...options,
    isKeptBack: (relayID, id) => authorsByRelay.get(relayID)?.has(id) === true,
  });
  const droppedByRelay = new Map<string, Set<string>>();

  function reasonToDrop(content: Content, sessionID: string, { after, newTransactions }: SessionContent) {
    const [first] = newTransactions;
    if (after !== 0 || !first) return undefined;
    const { id } = content;
    const header = getKnownCoValue(node, id)?.verified?.header ?? content.header;
    // If the account is not here yet, the content is kept back until it is, and judged again then.
    const isBound = () => isBoundAuthor(node, id, sessionID) === true;
    const wrong = wrongPlaceOf({ id, header, sessionID }, first, isBound);
    return wrong && reasons[wrong];
  }

  function admit(relayID: string, message: Content): Content | undefined {
    if (takesReplays) return announced.admit(relayID, message);
    const { id, expectContentUntil } = message;
    const before = droppedByRelay.get(relayID);
    const isAwaited = ([sessionID]: readonly [string, number]) => before?.has(`${id} ${sessionID}`) !== true;
    const content = announced.admit(
      relayID,
      before && expectContentUntil
        ? {
            ...message,
            expectContentUntil: Object.fromEntries(Object.entries(expectContentUntil).filter(isAwaited)),
          }
        : message,
    );
    const dropped = sessionsOf(content).flatMap(([sessionID, session]) => {
      const isKnown = before?.has(`${id} ${sessionID}`) === true && session.after > 0;
      const reason = reasonToDrop(content, sessionID, session);
      if (reason !== undefined) drop({ peerID: relayID, id, sessionID, reason });
      return isKnown || reason !== undefined ? [sessionID] : [];
    });
    if (dropped.length === 0) return content;
    const isDropped = new Set<string>(dropped);
    const without = <T extends object>(sessions: T): T =>
      Object.fromEntries(Object.entries(sessions).filter(([sessionID]) => !isDropped.has(sessionID))) as T;
    const rest = { ...content, new: without(content.new) };
    return content.header || sessionsOf(rest).length > 0 ? rest : undefined;
  }

  function drop(detail: SyncEvents['dropped']): void {
    const known = droppedByRelay.get(detail.peerID) ?? new Set();
    droppedByRelay.set(detail.peerID, known);
    const key = `${detail.id} ${detail.sessionID}`;
    const isKnown = known.has(key);
    if (!isKnown && known.size >= mostRemembered) return;
    expectNothingOf(node, detail);
    if (isKnown) return;
    known.add(key);
    onDropped(detail);
  }

  const lane = options.pacer.lane<Hold>((hold) => hold.handOn());
  addHeldContent(node, (id) => [...authorsByRelay.values()].some((authors) => authors.has(id)));

  const stop = interceptContent(node, 'admission', (next) => {
    const handle = (content: Content, from: PeerState) => {
      const admitted = admit(from.id, content);
      if (admitted) next(admitted, from);
    };
    return (content, from) => {
      if (!isRelay(from)) return next(content, from);
      const relayID = from.id;
      const authors =
        authorsByRelay.get(relayID) ??
        createAbsentAuthors({
          ...{ ...options, relayID, lane, handle },
          onLeftOut: (left) => expectNothingOf(node, left),
        });
      authorsByRelay.set(relayID, authors);
      const own = withOwnHeader(node, content);
      if (own) authors.take(own, from);
    };
  });

  return {
    admit,
    lost(relayID) {
      droppedByRelay.delete(relayID);
      announced.lost(relayID);
      authorsByRelay.get(relayID)?.lost();
    },
    stop() {
      stop();
      for (const authors of authorsByRelay.values()) authors.lost();
    },
  };
}

function isRelay(from: PeerState | 'storage' | 'import'): from is PeerState {
  return typeof from === 'object' && from.role === 'server';
}

/** Nothing more comes of what the relay has announced of the session. Another relay can send more of it. */
function expectNothingOf(
  node: LocalNode,
  { peerID, id, sessionID }: Pick<SyncEvents['dropped'], 'peerID' | 'id' | 'sessionID'>,
): void {
  const core = getKnownCoValue(node, id);
  const wasStreaming = core?.isStreaming() === true;
  announcedSessionsOf(node)?.drop(id, peerID, sessionID);
  if (core && wasStreaming) notifySoon(core);
}
