import type { Rung, SyncState } from '../sync/sync-state.ts';
import { wrongClock } from './shared/wrong-clock.ts';
import { toPlainError } from './shared/to-plain-error.ts';
import type { Overview, RungCount } from './snapshot/overview-facts.ts';
import type { Relay } from './snapshot/relay-facts.ts';

/** Summarizes `SyncState` and the count of refused edits alone, so that following it is cheap while a panel is closed. */
export function overviewOf(
  state: SyncState,
  relays: readonly Relay[],
  { isStock, notMade }: { readonly isStock: boolean; readonly notMade: number },
): Overview {
  const { storage } = state;
  const clockOffsetMs = wrongClock(state.clockOffsetMs);
  return {
    status: state.status,
    ...(state.error && { error: toPlainError(state.error) }),
    rungs: {
      saved: rungCount(state.saved),
      sent: rungCount(state.sent),
      confirmed: rungCount(state.confirmed),
      ...(state.durable && { durable: rungCount(state.durable) }),
    },
    durability: state.durability,
    ...(state.notCounted.count > 0 && { notCounted: state.notCounted.count }),
    ...(notMade > 0 && { notMade }),
    ...(clockOffsetMs !== undefined && { clockOffsetMs }),
    storage: {
      kind: storage.kind,
      state: storage.state,
      ...(storage.persisted !== undefined && { persisted: storage.persisted }),
      ...(storage.takeover && { takeover: storage.takeover }),
      ...(storage.usedBytes !== undefined && { usedBytes: storage.usedBytes }),
      ...(storage.quotaBytes !== undefined && { quotaBytes: storage.quotaBytes }),
      ...(storage.error && { error: toPlainError(storage.error) }),
    },
    relays,
    ...(isStock && { isStock }),
  };
}

function rungCount(rung: Rung): RungCount {
  return {
    known: rung.known,
    pending: rung.pending,
    ...(rung.oldestSinceMs !== undefined && { oldestSinceMs: rung.oldestSinceMs }),
    ...(rung.error && { error: toPlainError(rung.error) }),
  };
}
