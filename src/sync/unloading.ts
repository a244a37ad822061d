import type { AvailableCoValueCore, CoValueCore, LocalNode, RawAccount, RawCoID } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { Pacer } from '../base/pacer.ts';
import type { Readable } from '../base/readable.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import type { BeingStored } from './pending-writes.ts';
import { coverageOfState, covers } from '../engine/known-counts.ts';
import type { Ladder } from './ladder.ts';
import { followUse } from './private-fields.ts';
import { createWeakCoValues } from '../engine/weak-covalues.ts';

/** Keeps the memory of a long session small. */
export interface Unloading {
  end(): void;
}

export interface UnloadingOptions {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending'>;
  readonly beingStored: Pick<BeingStored, 'has'>;
  readonly status: Readable<StorageStatus>;
  readonly clock: Clock;
  readonly pacer: Pacer;
}

export type UnloadUnused = (options: UnloadingOptions) => Unloading;

const unusedMs = 5 * 60_000;
const lookEveryMs = 60_000;

/**
 * Unloads CoValues that nobody has looked up for five minutes: never one with edits that are not everywhere yet, or that
 * somebody subscribed to, or that others depend on, or that does not stand on this device in full; and never the account and
 * what belongs to it.
 */
export function unloadUnused(options: UnloadingOptions): Unloading {
  const { node, ladder, beingStored, status, clock, pacer } = options;
  const usedAtMs = new WeakMap<CoValueCore, number>();
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
