import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Content } from '../../engine/content.ts';
import { announcedSessionsOf, getKnownCoValue, hasWaitingContent } from '../../engine/covalue-lookup.ts';
import { notifySoon } from '../../engine/private-methods.ts';

/**
 * Content that relays announce and then send in pieces. cojson waits for it without end, and asks no other relay for it. Here
 * it counts as long as more of it arrives on the connection on which it was announced.
 */
export interface AnnouncedContent {
  /** Returns the content without what it announces. */
  admit(relayID: string, content: Content): Content;
  lost(relayID: string): void;
}

/** Shorter than a load takes by default. */
const pieceMs = 8_000;
/**
 * About an hour, in which a large file arrives on a slow network. A relay that announces what does not exist can send a little
 * of it for ever.
 */
const mostPieces = 450;
/** CoValues per connection. Any more count as complete although they are not. */
const mostRemembered = 10_000;

type Counts = NonNullable<Content['expectContentUntil']>;

interface Wait {
  /** What the relay has announced. */
  sessions: Counts;
  /** Whether the relay has sent some of that since the last check. Content from other relays proves nothing. */
  isSending: boolean;
  pieces: number;
  end: () => void;
}

export function createAnnouncedContent(options: {
  readonly node: LocalNode;
  readonly clock: Pick<Clock, 'after'>;
  /** Whether content of the CoValue from this relay waits for an author, who may not exist. */
  readonly isKeptBack: (relayID: string, id: Content['id']) => boolean;
}): AnnouncedContent {
  const { node, clock, isKeptBack } = options;
  /** By relay and CoValue. Undefined: the relay did not send what it had announced. */
  const waits = new Map<string, Map<string, Wait | undefined>>();

  function begin(relayID: string, id: string, all: Map<string, Wait | undefined>, sessions: Counts): void {
    const wait: Wait = { sessions, isSending: false, pieces: 0, end: () => {} };
    all.set(id, wait);
    waitForNext();

    function waitForNext(): void {
      const before = countOf(node, id, wait.sessions);
      wait.isSending = false;
      wait.pieces++;
      const cancel = clock.after(pieceMs, () => {
        const core = getKnownCoValue(node, id);
        const isMissing = core?.isAvailable() !== true || core.isStreaming();
        // The content may have arrived and wait for its group.
        const isWaiting = core !== undefined && hasWaitingContent(core) && !isKeptBack(relayID, core.id);
        const hasMore = wait.isSending && (isWaiting || countOf(node, id, wait.sessions) > before);
        if (isMissing && hasMore && wait.pieces < mostPieces) return waitForNext();
        if (isMissing) all.set(id, undefined);
        else all.delete(id);
        end();
      });
      wait.end = () => {
        cancel();
        end();
      };
    }

    function end(): void {
      announcedSessionsOf(node)?.withdraw(id, relayID);
      const core = getKnownCoValue(node, id);
      if (core) notifySoon(core);
    }
  }

  return {
    admit(relayID, content) {
      const { expectContentUntil, ...rest } = content;
      const { id } = content;
      const all = waits.get(relayID) ?? new Map<string, Wait | undefined>();
      const announced = announcedSessionsOf(node);
      if (expectContentUntil && announced) {
        waits.set(relayID, all);
        if (!all.has(id) && all.size < mostRemembered) begin(relayID, id, all, expectContentUntil);
      }
      const wait = all.get(id);
      if (wait) {
        wait.sessions = { ...wait.sessions, ...expectContentUntil };
        wait.isSending ||= Object.keys(content.new).some((sessionID) => sessionID in wait.sessions);
      }
      if (!expectContentUntil || !announced) return content;
      if (wait) announced.add(id, relayID, expectContentUntil);
      return rest;
    },
    lost(relayID) {
      for (const wait of waits.get(relayID)?.values() ?? []) wait?.end();
      waits.delete(relayID);
    },
  };
}

/** How much of what was announced is here. */
function countOf(node: LocalNode, id: string, sessions: Counts): number {
  const here: Counts = getKnownCoValue(node, id)?.knownState().sessions ?? {};
  const counts = Object.keys(sessions).map((sessionID) => here[sessionID as keyof Counts] ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}
