import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Content } from '../../engine/content.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';

/** Deletions whose authors lack the right to delete, as far as this relay knows the group. */
export interface PendingDeletions {
  keep(deletion: Content, from: PeerState): void;
}

/** The same time that content may wait for its dependencies. */
export const pendingDeletionMs = 30_000;
/** Anyone can change a group often, below which a thousand deletions wait. */
export const recheckMs = 1_000;
/** Per client. */
export const maxPendingDeletions = 1_000;
/** Per client. The relay does not evict the groups meanwhile, which may be large. */
export const maxAwaitedGroups = 50;

/**
 * Checks a deletion again when its group has changed, at most once a second, because the right to delete may arrive after the
 * deletion.
 */
export function createPendingDeletions(options: {
  readonly node: LocalNode;
  readonly clock: Clock;
  handle(deletion: Content, from: PeerState): void;
  /** The right to delete did not arrive in time, or cannot be waited for. The client may send the deletion again. */
  refused(peerID: string, id: RawCoID): void;
}): PendingDeletions {
  const { node, clock, handle, refused } = options;
  /** The groups by the deleted CoValues. */
  const pendingByPeer = new WeakMap<PeerState, Map<RawCoID, RawCoID>>();

  return {
    keep(deletion, from) {
      const { id } = deletion;
      const coValue = getOrCreateCoValue(node, id);
      const ruleset = coValue.verified?.header.ruleset;
      const pending = pendingByPeer.get(from) ?? new Map<RawCoID, RawCoID>();
      pendingByPeer.set(from, pending);
      if (pending.has(id)) return;
      if (ruleset?.type !== 'ownedByGroup' || pending.size >= maxPendingDeletions)
        return refused(from.id, id);
      const groups = new Set(pending.values());
      if (groups.size >= maxAwaitedGroups && !groups.has(ruleset.group)) return refused(from.id, id);
      pending.set(id, ruleset.group);
      let checkedAtMs = -Infinity;
      let cancelCheck: (() => void) | undefined;
      const stop = getOrCreateCoValue(node, ruleset.group).subscribe(() => {
        const waitMs = checkedAtMs + recheckMs - clock.elapsedMs();
        if (waitMs <= 0) check();
        else cancelCheck ??= clock.after(waitMs, check);
      }, false);
      const cancel = clock.after(pendingDeletionMs, () => {
        end();
        if (!from.closed && !coValue.isDeleted) refused(from.id, id);
      });

      function check(): void {
        cancelCheck?.();
        cancelCheck = undefined;
        checkedAtMs = clock.elapsedMs();
        if (!from.closed && !coValue.isDeleted) handle(deletion, from);
        if (from.closed || coValue.isDeleted) end();
      }

      function end(): void {
        pending.delete(id);
        stop();
        cancel();
        cancelCheck?.();
      }
    },
  };
}
