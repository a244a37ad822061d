import type { StorageStatus } from '../storage/device-storage.ts';
import type { HelloFrame } from '../transport/frames.ts';
import type { RungStep, UnsyncedCoValue } from './inspection.ts';
import { pendingSinceMs, type PendingEdits } from './pending-edits.ts';

/** The ladder's pending edits as the inspector shows them, oldest first. */
export function unsyncedCoValues(
  pending: ReadonlyMap<string, PendingEdits>,
  place: {
    readonly peerID: string | undefined;
    readonly hello: HelloFrame | undefined;
    readonly storage: StorageStatus;
  },
): UnsyncedCoValue[] {
  return [...pending]
    .map(([id, edits]) => unsyncedCoValue(id, edits, place))
    .sort((a, b) => a.sinceMs - b.sinceMs);
}

function unsyncedCoValue(
  id: string,
  edits: PendingEdits,
  { peerID, hello, storage }: Parameters<typeof unsyncedCoValues>[1],
): UnsyncedCoValue {
  const isSaved = pendingSinceMs(edits, 'saved') === undefined;
  const isConfirmed = pendingSinceMs(edits, 'confirmed') === undefined;
  const relayStep = (reached: boolean): RungStep =>
    reached ? 'reached' : edits.error ? 'failed' : 'pending';
  const saved = isSaved ? 'reached' : unsavedStep(storage);
  const error = saved === 'failed' ? storage.error : edits.error;
  return {
    id,
    sinceMs: edits.edits[0]?.sinceMs ?? 0,
    saved,
    sent: relayStep(pendingSinceMs(edits, 'sent') === undefined),
    confirmed: relayStep(isConfirmed),
    durable: hello && hello.durability !== 'none' ? relayStep(isConfirmed) : 'unknown',
    ...(edits.sentAtMs !== undefined && { sentAtMs: edits.sentAtMs }),
    ...(error && { error }),
    missingAtPeerIDs: isConfirmed || peerID === undefined ? [] : [peerID],
  };
}

function unsavedStep({ state }: StorageStatus): RungStep {
  return { ok: 'pending', failing: 'failed', 'memory-only': 'unknown' }[state] as RungStep;
}
