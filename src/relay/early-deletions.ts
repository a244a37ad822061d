import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { Content } from '../engine/content.ts';

/** Deletions that their authors may not make, as far as the group has come here. */
export interface EarlyDeletions {
  keep(deletion: Content, from: PeerState): void;
}

/** As long as content waits for what it depends on. */
export const waitForRightsMs = 30_000;
/** Of one client. */
export const mostKept = 1_000;

/**
 * A deletion is judged when it comes, and a group that is here may still lack the very transaction that gives the right, as
 * where a connection broke between the two. So it is judged again whenever there is more of the group.
 */
export function createEarlyDeletions(options: {
  readonly node: LocalNode;
  readonly clock: Clock;
  handle(deletion: Content, from: PeerState): void;
  /** Nothing has come that gives the right. The client may send it again. */
  refused(peerID: string, id: RawCoID): void;
}): EarlyDeletions {
  const { node, clock, handle, refused } = options;
  const keptByPeer = new WeakMap<PeerState, Set<RawCoID>>();

  return {
    keep(deletion, from) {
      const { id } = deletion;
      const coValue = node.getCoValue(id);
      const ruleset = coValue.verified?.header.ruleset;
      const kept = keptByPeer.get(from) ?? new Set();
      keptByPeer.set(from, kept);
      if (kept.has(id)) return;
      if (ruleset?.type !== 'ownedByGroup' || kept.size >= mostKept) return refused(from.id, id);
      kept.add(id);
      const stop = node.getCoValue(ruleset.group).subscribe(judge, false);
      const cancel = clock.after(waitForRightsMs, () => {
        end();
        if (!from.closed && !coValue.isDeleted) refused(from.id, id);
      });

      function judge(): void {
        if (!from.closed && !coValue.isDeleted) handle(deletion, from);
        if (from.closed || coValue.isDeleted) end();
      }

      function end(): void {
        kept.delete(id);
        stop();
        cancel();
      }
    },
  };
}
