import type { AvailableCoValueCore, CoValueCore, LocalNode, RawAccount, RawCoID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { Readable } from '../../base/readable.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { PendingWrites } from '../delivery/pending-writes.ts';
import { knownCountsOfState, covers } from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import { followUse } from '../../engine/private-methods.ts';
import { createWeakCoValues } from '../../engine/weak-covalues.ts';

export interface Unloading {
  end(): void;
}

export interface UnloadingOptions {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending'>;
  readonly pendingWrites: Pick<PendingWrites, 'has'>;
  readonly status: Readable<StorageStatus>;
  readonly clock: Clock;
  readonly pacer: Pacer;
}

const unusedMs = 5 * 60_000;
const checkIntervalMs = 60_000;

/**
 * Unloads CoValues unused for five minutes unless pending, subscribed, depended on, not fully stored, or in
 * `idsToKeep`. Ends when the app enables cojson's garbage collector.
 */
export function unloadUnused(options: UnloadingOptions): Unloading {
  const { node, ladder, pendingWrites, status, clock, pacer } = options;
  const usedAtMs = new WeakMap<CoValueCore, number>();
  const stopFollowing = followUse(node, (core) => void usedAtMs.set(core, clock.elapsedMs()), stopUnloading);
  const weak = stopFollowing && createWeakCoValues(node);
  const lane = pacer.lane<CoValueCore>(askStorage);
  let cancel = weak ? clock.after(checkIntervalMs, check) : () => {};
  let hasEnded = false;

  function check(): void {
    cancel = clock.after(checkIntervalMs, check);
    weak?.forgetCollected();
    const kept = idsToKeep(node);
    lane.push([...node.allCoValues()].filter((core) => isUnused(core) && !isKept(core, kept)));
  }

  function isUnused(core: CoValueCore): boolean {
    const atMs = usedAtMs.get(core);
    if (atMs === undefined) usedAtMs.set(core, clock.elapsedMs());
    return atMs !== undefined && clock.elapsedMs() - atMs >= unusedMs && mayGo(core);
  }

  function mayGo(core: CoValueCore): core is AvailableCoValueCore {
    return (
      core.isAvailable() &&
      status.current.state === 'ok' &&
      !ladder.pending.has(core.id) &&
      !pendingWrites.has(core.id) &&
      core.listeners.size === 0 &&
      !core.isDeleted &&
      !core.isStreaming() &&
      !core.hasMissingDependencies()
    );
  }

  function askStorage(core: CoValueCore): void {
    node.storage?.loadKnownState(core.id, (stored) => {
      if (!stored || hasEnded || !isUnused(core)) return;
      if (covers(knownCountsOfState(stored), knownCountsOfState(core.knownState()))) weak?.unload(core);
    });
  }

  function stopUnloading(): void {
    hasEnded = true;
    cancel();
    lane.clear();
    weak?.end();
  }

  return {
    end() {
      stopUnloading();
      stopFollowing?.();
    },
  };
}

/** The account and the CoValues it names, because apps and the session read these without loading them. */
function idsToKeep(node: LocalNode): ReadonlySet<RawCoID> {
  const id = node.getCurrentAccountOrAgentID();
  const core = [...node.allCoValues()].find((candidate) => candidate.id === id);
  if (!core?.isAvailable()) return new Set();
  const account = core.getCurrentContent() as RawAccount;
  const named = [account.get('profile'), account.get('root')].filter((id) => typeof id === 'string');
  return new Set([id as RawCoID, ...(named as RawCoID[])]);
}

function isKept({ id, verified }: CoValueCore, kept: ReadonlySet<RawCoID>): boolean {
  const ruleset = verified?.header.ruleset;
  return kept.has(id) || (ruleset?.type === 'ownedByGroup' && kept.has(ruleset.group));
}
