import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Commits } from '../held-acknowledgements.ts';
import type { Subscriptions } from '../client/subscriptions.ts';

/** Keeps the node's memory to what clients use: the storage has the rest. */
export interface Eviction {
  /** A client was told that a CoValue is nowhere. cojson would remember that, and never ask the storage again. */
  notFound(id: RawCoID): void;
  stop(): void;
}

export interface EvictionOptions {
  readonly node: LocalNode;
  readonly commits: Commits;
  readonly subscriptions: Pick<Subscriptions, 'has'>;
  readonly clock: Clock;
}

/** A CoValue that nobody used between two looks goes. */
export const lookEveryMs = 60_000;

export function createEviction({ node, commits, subscriptions, clock }: EvictionOptions): Eviction {
  let missing = new Set<RawCoID>();
  let wasIdle = new Set<RawCoID>();
  let cancel = clock.after(lookEveryMs, look);

  function evictMissing(): void {
    const ids = missing;
    missing = new Set();
    for (const id of ids) if (node.isCoValueInMemory(id)) evictIfMissing(node.getCoValue(id));
  }

  function evictIfMissing(coValue: CoValueCore): void {
    if (isNeeded(coValue) || coValue.isAvailable() || coValue.loadingState === 'loading') return;
    if (!hasDependants(coValue)) node.internalDeleteCoValue(coValue.id);
  }

  function look(): void {
    const isIdle = new Set<RawCoID>();
    for (const coValue of [...node.allCoValues()]) {
      const { id } = coValue;
      if (!coValue.isAvailable()) evictIfMissing(coValue);
      else if (subscriptions.has(id) || isNeeded(coValue)) continue;
      else if (wasIdle.has(id)) evictOnceCommitted(id);
      else isIdle.add(id);
    }
    wasIdle = isIdle;
    cancel = clock.after(lookEveryMs, look);
  }

  function evictOnceCommitted(id: RawCoID): void {
    commits.afterCommit(id, () => {
      if (subscriptions.has(id) || !node.isCoValueInMemory(id) || isNeeded(node.getCoValue(id))) return;
      // What unmounting leaves behind is for asking other servers, of which a relay has none.
      if (node.internalUnmountCoValue(id)) node.internalDeleteCoValue(id);
    });
  }

  function isNeeded(coValue: CoValueCore): boolean {
    return (
      coValue.id === node.getCurrentAccountOrAgentID() ||
      coValue.listeners.size > 0 ||
      coValue.newContentQueue.length > 0 ||
      coValue.isStreaming() ||
      coValue.getLoadingStateForPeer('storage') === 'pending'
    );
  }

  function hasDependants({ dependant }: CoValueCore): boolean {
    return [...dependant].some((id) => node.hasCoValue(id));
  }

  return {
    notFound(id) {
      if (missing.size === 0) setImmediate(evictMissing);
      missing.add(id);
    },
    stop: () => cancel(),
  };
}
