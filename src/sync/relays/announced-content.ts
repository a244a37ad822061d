import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Content } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { notifySoon } from '../../engine/private-methods.ts';
import { announcedSessionsOf } from '../../engine/session-maps/announced-sessions.ts';

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
/** CoValues per connection. Any more count as complete although they are not. */
const mostRemembered = 10_000;

export function createAnnouncedContent(options: {
  readonly node: LocalNode;
  readonly clock: Pick<Clock, 'after'>;
}): AnnouncedContent {
  const { node, clock } = options;
  /** By relay and CoValue, what ends the wait. Undefined: the relay did not send what it had announced. */
  const waits = new Map<string, Map<string, (() => void) | undefined>>();

  function waitForNext(relayID: string, id: string, wait: Map<string, (() => void) | undefined>): void {
    const before = countOf(node, id);
    const cancel = clock.after(pieceMs, () => {
      const isMissing = getKnownCoValue(node, id)?.isStreaming() !== false;
      if (isMissing && countOf(node, id) > before) return waitForNext(relayID, id, wait);
      if (isMissing) wait.set(id, undefined);
      else wait.delete(id);
      end();
    });
    wait.set(id, () => {
      cancel();
      end();
    });

    function end(): void {
      announcedSessionsOf(node)?.withdraw(id, relayID);
      const core = getKnownCoValue(node, id);
      if (core) notifySoon(core);
    }
  }

  return {
    admit(relayID, content) {
      const { expectContentUntil, ...rest } = content;
      const announced = announcedSessionsOf(node);
      if (!expectContentUntil || !announced) return content;
      const { id } = content;
      const wait = waits.get(relayID) ?? new Map<string, (() => void) | undefined>();
      waits.set(relayID, wait);
      if (!wait.has(id) && wait.size < mostRemembered) waitForNext(relayID, id, wait);
      if (wait.get(id)) announced.add(id, relayID, expectContentUntil);
      return rest;
    },
    lost(relayID) {
      for (const end of waits.get(relayID)?.values() ?? []) end?.();
      waits.delete(relayID);
    },
  };
}

function countOf(node: LocalNode, id: string): number {
  const counts = Object.values(getKnownCoValue(node, id)?.knownState().sessions ?? {});
  return counts.reduce((sum, count) => sum + count, 0);
}
