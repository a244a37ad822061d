import type { KernelError } from '../base/kernel-error.ts';
import type { StorageStatus } from '../storage/device-storage.ts';
import { createCoValueSyncs, type CoValueSyncs } from './delivery/covalue-sync.ts';
import { describeSync, isCertain } from './delivery/describe-sync.ts';
import type { Ladder } from './delivery/ladder.ts';
import { createUnsyncedCoValues, type Place } from './delivery/unsynced-covalues.ts';
import type { Validity } from './delivery/validity.ts';
import type { UnsyncedCoValue } from './inspection.ts';
import type { NodeRelays } from './relays/node-relays.ts';
import type { SyncState } from './sync-state.ts';

/** What apps and the inspector read of one node's sync, computed from its parts. */
export interface SyncView {
  /** Computed at most once between two changes. */
  current(): SyncState;
  /** A part has changed. */
  outdated(): void;
  readonly coValues: CoValueSyncs;
  unsynced(): readonly UnsyncedCoValue[];
  /** Whether what the ladder counts as having reached the rung has. */
  isCertain(rung: 'confirmed' | 'durable'): boolean;
}

export function createSyncView(options: {
  readonly ladder: Ladder;
  readonly storageStatus: () => StorageStatus;
  readonly validity: Validity;
  readonly relays: Pick<NodeRelays, 'all'>;
  /** False until the sync knows what an earlier run left unconfirmed. */
  readonly isComplete: () => boolean;
  /** Why there is no relay to connect to. */
  readonly failure: () => KernelError | undefined;
}): SyncView {
  const { ladder, storageStatus, validity, relays, isComplete, failure } = options;
  const readUnsynced = createUnsyncedCoValues(ladder.pending);
  let latest: SyncState | undefined;

  const relayFacts = () => relays.all.map((relay) => relay.facts());

  /** What decides the steps of all CoValues alike. */
  function place(): Place {
    const { durability } = current();
    return { relayIDs: ladder.relayIDs, durability, storage: storageStatus() };
  }

  function current(): SyncState {
    return (latest ??= describeSync({
      ladder,
      storage: storageStatus(),
      notCounted: validity.state,
      isComplete: isComplete(),
      failure: failure(),
      relays: relayFacts(),
    }));
  }

  return {
    current,
    outdated: () => void (latest = undefined),
    coValues: createCoValueSyncs({
      pending: ladder.pending,
      place() {
        const facts = relayFacts();
        return {
          ...place(),
          known: current().confirmed.known,
          isSure: facts.length > 0 && isCertain('confirmed', facts),
          isDurable: facts.length > 0 && isCertain('durable', facts),
        };
      },
      notCounted: validity.notCounted,
    }),
    unsynced: () => readUnsynced(place()),
    isCertain: (rung) => isCertain(rung, relayFacts()),
  };
}
