import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import { inspectionOf, type UnsyncedCoValue } from '../../sync/inspection.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { SyncState } from '../../sync/sync-state.ts';

/** The edits that a sign-out would lose. */
export interface UnsyncedEdits {
  readonly ids: readonly string[];
  /** False if a relay, tab or storage that may report more did not answer. */
  readonly isWhole: boolean;
}

/** 'here' counts edits that neither this device nor a relay has; 'relay' counts edits that no relay has confirmed. */
export type WantedAt = 'here' | 'relay';

/** Do not wait for storage that hangs. */
const storageMs = 3_000;

/** For what a connected relay is about to confirm. An edit of a moment ago is no reason to refuse. */
const confirmingMs = 1_000;

/** Waits for edits that are being saved or confirmed. For 'relay', includes what other tabs and earlier runs left in storage. */
export async function unsyncedEdits(
  sync: SyncPeers,
  wantedAt: WantedAt,
  clock: Clock,
): Promise<UnsyncedEdits> {
  if (wantedAt === 'here') {
    const isWhole = (await inTime(clock, untilSaved(sync))) === true;
    return { ids: unsyncedNow(sync, wantedAt), isWhole };
  }
  await inTime(clock, untilConfirmed(sync), confirmingMs);
  const stored = await inTime(clock, readLedger(sync));
  return {
    ids: [...new Set([...unsyncedNow(sync, wantedAt), ...(stored ?? [])])],
    isWhole: stored !== undefined,
  };
}

export function unsyncedNow(sync: SyncPeers, wantedAt: WantedAt): readonly string[] {
  const isMissing = ({ saved, confirmed }: UnsyncedCoValue) =>
    confirmed !== 'reached' && (wantedAt === 'relay' || saved !== 'reached');
  return (inspectionOf(sync)?.unsynced() ?? []).filter(isMissing).map(({ id }) => id);
}

export function together(parts: readonly UnsyncedEdits[]): UnsyncedEdits {
  return {
    ids: [...new Set(parts.flatMap(({ ids }) => ids))],
    isWhole: parts.every(({ isWhole }) => isWhole),
  };
}

/** Returns undefined if nothing would be lost. */
export function unsyncedChanges({ ids, isWhole }: UnsyncedEdits): KernelError | undefined {
  const details = { count: ids.length, ids };
  if (ids.length > 0) {
    return createKernelError(
      'UNSYNCED_CHANGES',
      `Signing out now would lose changes that have not reached the relay (number of CoValues: ${ids.length}). Stay online until they have reached it, then sign out again.`,
      { details },
    );
  }
  if (isWhole) return undefined;
  return createKernelError(
    'UNSYNCED_CHANGES',
    'Signing out now may lose changes: a relay, another tab or this device’s storage did not report whether all changes have reached the relay. Go online, close the app’s other tabs, then sign out again.',
    { details },
  );
}

/** Also resolves if this device cannot save now. */
function untilSaved(sync: SyncPeers): Promise<true> {
  return untilState(sync, ({ saved, storage }) => saved.pending === 0 || storage.state !== 'ok');
}

/** Also resolves if no relay can confirm now. */
function untilConfirmed(sync: SyncPeers): Promise<true> {
  return untilState(sync, ({ status }) => status !== 'syncing');
}

function untilState(sync: SyncPeers, isReached: (state: SyncState) => boolean): Promise<true> {
  return new Promise((resolve) => {
    const stop = sync.subscribe(() => {
      if (!isReached(sync.current)) return;
      queueMicrotask(() => stop()); // The listener runs before `subscribe` returns.
      resolve(true);
    });
  });
}

async function readLedger(sync: SyncPeers): Promise<readonly string[]> {
  const confirmations = confirmationsOf(sync);
  await confirmations?.settled;
  return (await confirmations?.leftByAll()) ?? [];
}

/** Undefined if it fails or takes too long. */
export function inTime<T>(clock: Clock, reading: Promise<T>, limitMs = storageMs): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => resolve(undefined));
    reading.then(resolve, () => resolve(undefined)).finally(cancel);
  });
}
