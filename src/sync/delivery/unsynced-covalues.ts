import { isEqual } from '../../base/equal.ts';
import type { StorageStatus } from '../../storage/device-storage.ts';
import type { Step, SyncState } from '../sync-state.ts';
import type { UnsyncedCoValue } from '../inspection.ts';
import { atRelay, errorOf, isAt, pendingSinceMs, type PendingEdits } from './pending-edits.ts';
import type { CountedRung } from '../rungs.ts';

/** What decides the steps of all CoValues alike. */
export interface Place {
  readonly relayIDs: readonly string[];
  readonly durability: SyncState['durability'];
  readonly storage: StorageStatus;
}

/** Pending edits for the inspector, oldest first. An unchanged CoValue keeps its object, because there may be thousands. */
export function createUnsyncedCoValues(
  pending: ReadonlyMap<string, PendingEdits>,
): (place: Place) => readonly UnsyncedCoValue[] {
  let known = new WeakMap<PendingEdits, UnsyncedCoValue>();
  let knownPlace: Place | undefined;

  function read(id: string, edits: PendingEdits, place: Place): UnsyncedCoValue {
    const before = known.get(edits);
    if (before?.id === id) return before;
    const coValue = unsyncedCoValue(id, edits, place);
    known.set(edits, coValue);
    return coValue;
  }

  return (place) => {
    if (!isEqual(place, knownPlace)) known = new WeakMap();
    knownPlace = place;
    return [...pending].map(([id, edits]) => read(id, edits, place)).sort((a, b) => a.sinceMs - b.sinceMs);
  };
}

export function unsyncedCoValue(
  id: string,
  edits: PendingEdits,
  { relayIDs, durability, storage }: Place,
): UnsyncedCoValue {
  const waitsSinceMs = (rung: CountedRung) => pendingSinceMs(edits, rung, relayIDs) ?? Infinity;
  const isReached = (rung: CountedRung) => waitsSinceMs(rung) === Infinity;
  const refused = errorOf(edits);
  const relayStep = (reached: boolean): Step => (reached ? 'reached' : refused ? 'failed' : 'pending');
  const saved = isReached('saved') ? 'reached' : unsavedStep(storage);
  const error = saved === 'failed' ? storage.error : refused;
  const confirmed = relayStep(isReached('confirmed'));
  const missing = relayIDs.filter((relayID) => !isAt(edits, 'confirmed', relayID));
  const sentAtMs = missing
    .map((relayID) => atRelay(edits, relayID).sentAtMs)
    .find((atMs) => atMs !== undefined);
  return {
    id,
    // The first edits may have arrived while later ones wait.
    sinceMs: Math.min(saved === 'unknown' ? Infinity : waitsSinceMs('saved'), waitsSinceMs('confirmed')),
    saved,
    sent: relayStep(isReached('sent')),
    confirmed,
    durable: durability === 'unknown' || durability === 'none' ? 'unknown' : confirmed,
    ...(sentAtMs !== undefined && { sentAtMs }),
    ...(error && { error }),
    missingAtPeerIDs: missing,
  };
}

function unsavedStep({ state }: StorageStatus): Step {
  return { ok: 'pending', failing: 'failed', 'memory-only': 'unknown' }[state] as Step;
}
