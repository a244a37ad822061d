import type { AvailableCoValueCore, CoValueCore, LocalNode, RawAccount, RawCoID } from 'cojson';
import type { Clock } from '../platform/clock.ts';
import type { Pacer } from '../platform/pacer.ts';
import type { Readable } from '../platform/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import { coverageOfState, covers } from './coverage.ts';
import type { Ladder } from './ladder.ts';
import { followUse } from './private-fields.ts';
import { createWeakCoValues } from './weak-co-values.ts';

/** Keeps the memory of a long session small. */
export interface Unloading {
  readonly figures: MemoryFigures;
  /** cojson has given content to the storage; or the storage has written some. */
  storing(id: string): void;
  stored(id: string): void;
  end(): void;
}

/** How many CoValues a node has. */
export interface MemoryFigures {
  readonly loaded: number;
  /** Read from this device when somebody asks for them again. */
  readonly unloaded: number;
}

const unusedMs = 5 * 60_000;
const lookEveryMs = 60_000;

/**
 * Unloads CoValues that nobody has looked up for five minutes: never one with edits that are not everywhere yet, or that
 * somebody subscribed to, or that others depend on, or that does not stand on this device in full; and never the account and
 * what belongs to it.
 */
export function unloadUnused(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending'>;
  readonly status: Readable<StorageStatus>;
  readonly clock: Clock;
  readonly pacer: Pacer;
}): Unloading {
  const { node, ladder, status, clock, pacer } = options;
  const usedAtMs = new WeakMap<CoValueCore, number>();
  const beingStored = new Map<string, number>();
  const stopFollowing = followUse(node, (core) => void usedAtMs.set(core, clock.nowMs()));
  const weak = stopFollowing && createWeakCoValues(node);
  const lane = pacer.lane<CoValueCore>(askStorage);
  let cancel = weak ? clock.after(lookEveryMs, look) : () => {};

  function look(): void {
    cancel = clock.after(lookEveryMs, look);
    weak?.tidy();
    const kept = idsToKeep(node);
    lane.push([...node.allCoValues()].filter((core) => isUnused(core) && !isKept(core, kept)));
  }

  function isUnused(core: CoValueCore): boolean {
    const atMs = usedAtMs.get(core);
    if (atMs === undefined) usedAtMs.set(core, clock.nowMs());
    return atMs !== undefined && clock.nowMs() - atMs >= unusedMs && mayGo(core);
  }

  function mayGo(core: CoValueCore): core is AvailableCoValueCore {
    return (
      core.isAvailable() &&
      status.current.state === 'ok' &&
      !ladder.pending.has(core.id) &&
      !beingStored.has(core.id) &&
      core.listeners.size === 0 &&
      !core.isDeleted &&
      !core.isStreaming() &&
      !core.hasMissingDependencies()
    );
  }

  function askStorage(core: CoValueCore): void {
    node.storage?.loadKnownState(core.id, (stored) => {
      if (!stored || !isUnused(core)) return;
      if (covers(coverageOfState(stored), coverageOfState(core.knownState()))) weak?.letGo(core);
    });
  }

  return {
    get figures() {
      let loaded = 0;
      let unloaded = 0;
      for (const core of node.allCoValues()) {
        if (core.isAvailable()) loaded++;
        else if (core.loadingState === 'garbageCollected') unloaded++;
      }
      return { loaded, unloaded };
    },
    storing: (id) => void beingStored.set(id, (beingStored.get(id) ?? 0) + 1),
    stored(id) {
      const left = (beingStored.get(id) ?? 1) - 1;
      if (left === 0) beingStored.delete(id);
      else beingStored.set(id, left);
    },
    end() {
      cancel();
      lane.clear();
      weak?.end();
      stopFollowing?.();
    },
  };
}

/** The account, and what it names: apps and the session read it without loading it. */
function idsToKeep(node: LocalNode): ReadonlySet<RawCoID> {
  const id = node.getCurrentAccountOrAgentID();
  const core = [...node.allCoValues()].find((each) => each.id === id);
  if (!core?.isAvailable()) return new Set();
  const account = core.getCurrentContent() as RawAccount;
  const named = [account.get('profile'), account.get('root')].filter((each) => typeof each === 'string');
  return new Set([id as RawCoID, ...(named as RawCoID[])]);
}

function isKept({ id, verified }: CoValueCore, kept: ReadonlySet<RawCoID>): boolean {
  const ruleset = verified?.header.ruleset;
  return kept.has(id) || (ruleset?.type === 'ownedByGroup' && kept.has(ruleset.group));
}
