import { isEqual } from '../../base/equal.ts';
import { createReadable, type Readable } from '../../base/readable.ts';
import type { SyncTarget } from '../sync-peers.ts';
import type { CoValueSync } from '../sync-state.ts';
import { targetID } from '../target-id.ts';
import type { PendingEdits } from './pending-edits.ts';
import { unsyncedCoValue, type Place } from './unsynced-covalues.ts';
import type { Validity } from './validity.ts';

/** The steps of single CoValues, as observable values. */
export interface CoValueSyncs {
  /** Throws MESSAGE_INVALID for an invalid ID. */
  of(target: SyncTarget): Readable<CoValueSync>;
  /** Updates those that are subscribed to. */
  publish(): void;
}

export interface SyncPlace extends Place {
  /** As in `Rung`. */
  readonly known: boolean;
  /** False while a relay may have lost what it confirmed, and without a relay. */
  readonly isSure: boolean;
  /** Whether what is confirmed is durable. */
  readonly isDurable: boolean;
}

type Steps = Omit<CoValueSync, 'notCounted'>;

export function createCoValueSyncs(options: {
  readonly pending: ReadonlyMap<string, PendingEdits>;
  readonly place: () => SyncPlace;
  /** The same array while nothing has changed. */
  readonly notCounted: Validity['notCounted'];
}): CoValueSyncs {
  const { pending, notCounted } = options;
  /** One for each value that is subscribed to. */
  const updates = new Set<(here: SyncPlace) => void>();
  let place: SyncPlace | undefined;

  /** The same object while nothing has changed. */
  function currentPlace(): SyncPlace {
    const now = options.place();
    return place && isEqual(now, place) ? place : (place = now);
  }

  /** Its result is the same object while nothing has changed. */
  function createReader(id: string): (here: SyncPlace) => CoValueSync {
    let before: { facts: readonly unknown[]; sync: CoValueSync } | undefined;
    return (here) => {
      const [edits, uncounted] = [pending.get(id), notCounted(id)] as const;
      const facts = [edits, here, uncounted];
      if (before?.facts.every((fact, index) => fact === facts[index])) return before.sync;
      const steps = edits ? pendingSync(id, edits, here) : settledSync(id, here);
      const now = { ...steps, notCounted: uncounted };
      const sync = before && isEqual(before.sync, now) ? before.sync : now;
      before = { facts, sync };
      return sync;
    };
  }

  return {
    of(target) {
      const id = targetID(target);
      const read = createReader(id);
      const state = createReadable(read(currentPlace()));
      const update = (here: SyncPlace) => state.set(read(here));
      const subscriptions = new Set<() => void>();
      return {
        get current() {
          return read(currentPlace());
        },
        subscribe(listener) {
          update(currentPlace());
          updates.add(update);
          const stop = state.subscribe(listener);
          subscriptions.add(stop);
          return () => {
            stop();
            subscriptions.delete(stop);
            if (subscriptions.size === 0) updates.delete(update);
          };
        },
      };
    },
    publish() {
      if (updates.size === 0) return;
      const here = currentPlace();
      for (const update of [...updates]) update(here);
    },
  };
}

function pendingSync(id: string, edits: PendingEdits, place: SyncPlace): Steps {
  const { saved, sent, confirmed, durable, sinceMs, error } = unsyncedCoValue(id, edits, place);
  const settled = settledSync(id, place);
  return {
    id,
    known: place.known,
    saved: saved === 'reached' ? settled.saved : saved,
    sent: sent === 'reached' ? settled.sent : sent,
    confirmed: confirmed === 'reached' ? settled.confirmed : confirmed,
    durable: durable === 'reached' ? settled.durable : durable,
    ...(Number.isFinite(sinceMs) && { sinceMs }),
    ...(error && { error }),
  };
}

/** Of a CoValue of which nothing is pending. */
function settledSync(id: string, { known, isSure, isDurable, storage }: SyncPlace): Steps {
  const atRelays = known && isSure ? 'reached' : 'unknown';
  return {
    id,
    known,
    // What waits to be saved was made by this tab, which knows of it.
    saved: storage.state === 'memory-only' ? 'unknown' : 'reached',
    sent: atRelays,
    confirmed: atRelays,
    durable: isDurable ? atRelays : 'unknown',
  };
}
