import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Commits } from '../client/acknowledgements.ts';
import type { SubscriberIndex } from '../client/subscriber-index.ts';
import type { LoadedCoValues } from '../memory/loaded-covalues.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { coValuesInMemory } from '../../engine/private-fields.ts';
import { createUpkeepSlices } from './upkeep-slices.ts';

/** Evicts CoValues from the node's memory once no client uses them or memory is scarce; they stay in the storage. */
export interface Eviction {
  /** Forgets a CoValue that was reported as not found: cojson would remember that and never query the storage again. */
  notFound(id: RawCoID): void;
  /** Forgets a CoValue that is not loaded, with what cojson remembers of the storage. Returns false if it is needed. */
  forgetUnloaded(coValue: CoValueCore): boolean;
  /** Evicts CoValues, also used ones, until there is enough memory again. Does nothing if it has begun already. */
  begin(): void;
  stop(): void;
}

export interface EvictionOptions {
  readonly node: LocalNode;
  readonly commits: Commits;
  readonly subscribers: Pick<SubscriberIndex, 'has'>;
  readonly loaded: Pick<LoadedCoValues, 'oldestFirst' | 'count'>;
  /** Whether memory is scarce. */
  mustEvict(): boolean;
  readonly clock: Clock;
}

/** A CoValue that is unused at two checks in a row is evicted. */
export const checkIntervalMs = 60_000;
/** What cannot be evicted now, such as a group of a loaded CoValue, is tried again. */
const retryMs = 1_000;

export function createEviction(options: EvictionOptions): Eviction {
  const { node, commits, subscribers, loaded, mustEvict, clock } = options;
  let missing = new Set<RawCoID>();
  let previouslyIdle = new Set<RawCoID>();
  let isStopped = false;
  let isEvicting = false;
  let cancelRetry = () => {};
  let cancel = clock.after(checkIntervalMs, () => void check());

  function evictMissing(): void {
    const ids = missing;
    missing = new Set();
    for (const id of ids) {
      const coValue = getKnownCoValue(node, id);
      if (coValue) forgetUnloaded(coValue);
    }
  }

  function forgetUnloaded(coValue: CoValueCore): boolean {
    if (isNeeded(coValue) || coValue.isAvailable() || coValue.loadingState === 'loading') return false;
    if (hasDependants(coValue)) return false;
    node.internalDeleteCoValue(coValue.id);
    return true;
  }

  async function check(): Promise<void> {
    const idle = new Set<RawCoID>();
    const slices = createUpkeepSlices(clock);
    for (const coValue of coValuesInMemory(node)) {
      const { id } = coValue;
      if (!coValue.isAvailable()) forgetUnloaded(coValue);
      else if (!subscribers.has(id) && !isNeeded(coValue)) {
        if (previouslyIdle.has(id)) evictOnceCommitted(id, () => !subscribers.has(id));
        else idle.add(id);
      }
      if (slices.isOver()) await slices.next();
      if (isStopped) return;
    }
    previouslyIdle = idle;
    cancel = clock.after(checkIntervalMs, () => void check());
  }

  /** A client that follows an evicted CoValue still gets later edits: these load it again. */
  async function evictOldest(): Promise<void> {
    isEvicting = true;
    const slices = createUpkeepSlices(clock);
    // Not within the call that used up the memory: it may be adding to a CoValue.
    await slices.next();
    let left = loaded.count;
    for (const id of loaded.oldestFirst()) {
      // Those that are used meanwhile come again.
      if (left-- <= 0 || !mustEvict() || isStopped) break;
      evictOnceCommitted(id, mustEvict);
      if (slices.isOver()) await slices.next();
    }
    if (!isStopped && mustEvict()) cancelRetry = clock.after(retryMs, () => void evictOldest());
    else isEvicting = false;
  }

  function evictOnceCommitted(id: RawCoID, mayEvict: () => boolean): void {
    commits.afterCommit(id, () => {
      const coValue = getKnownCoValue(node, id);
      if (!mayEvict() || !coValue || isNeeded(coValue)) return;
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
    forgetUnloaded,
    notFound(id) {
      if (missing.size === 0) setImmediate(evictMissing);
      missing.add(id);
    },
    begin() {
      if (!isEvicting && !isStopped) void evictOldest();
    },
    stop() {
      isStopped = true;
      cancel();
      cancelRetry();
    },
  };
}
