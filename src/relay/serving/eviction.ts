import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Commits } from '../client/acknowledgements.ts';
import type { SubscriberIndex } from '../client/subscriber-index.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { coValuesInMemory } from '../../engine/private-fields.ts';
import { createUpkeepSlices } from './upkeep-slices.ts';

/** Evicts CoValues from the node's memory once no client uses them; they stay in the storage. */
export interface Eviction {
  /** Forgets a CoValue that was reported as not found: cojson would remember that and never query the storage again. */
  notFound(id: RawCoID): void;
  stop(): void;
}

export interface EvictionOptions {
  readonly node: LocalNode;
  readonly commits: Commits;
  readonly subscribers: Pick<SubscriberIndex, 'has'>;
  readonly clock: Clock;
}

/** A CoValue that is unused at two checks in a row is evicted. */
export const checkIntervalMs = 60_000;

export function createEviction({ node, commits, subscribers, clock }: EvictionOptions): Eviction {
  let missing = new Set<RawCoID>();
  let previouslyIdle = new Set<RawCoID>();
  let isStopped = false;
  let cancel = clock.after(checkIntervalMs, () => void check());

  function evictMissing(): void {
    const ids = missing;
    missing = new Set();
    for (const id of ids) {
      const coValue = getKnownCoValue(node, id);
      if (coValue) evictIfMissing(coValue);
    }
  }

  function evictIfMissing(coValue: CoValueCore): void {
    if (isNeeded(coValue) || coValue.isAvailable() || coValue.loadingState === 'loading') return;
    if (!hasDependants(coValue)) node.internalDeleteCoValue(coValue.id);
  }

  async function check(): Promise<void> {
    const idle = new Set<RawCoID>();
    const slices = createUpkeepSlices(clock);
    for (const coValue of coValuesInMemory(node)) {
      const { id } = coValue;
      if (!coValue.isAvailable()) evictIfMissing(coValue);
      else if (!subscribers.has(id) && !isNeeded(coValue)) {
        if (previouslyIdle.has(id)) evictOnceCommitted(id);
        else idle.add(id);
      }
      if (slices.isOver()) await slices.next();
      if (isStopped) return;
    }
    previouslyIdle = idle;
    cancel = clock.after(checkIntervalMs, () => void check());
  }

  function evictOnceCommitted(id: RawCoID): void {
    commits.afterCommit(id, () => {
      const coValue = getKnownCoValue(node, id);
      if (subscribers.has(id) || !coValue || isNeeded(coValue)) return;
      // Unmounting keeps an entry for querying upstream servers. A relay has none, so delete the entry too.
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
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
