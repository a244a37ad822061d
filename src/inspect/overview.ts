import type { Rung, SyncState } from '../sync/sync-state.ts';
import { plainError } from './plain-error.ts';
import type { Overview, Relay, RungCount } from './snapshot.ts';

/** The state of everything in a few figures, from `SyncState` alone: cheap enough to follow while a panel is closed. */
export function overviewOf(state: SyncState, relays: readonly Relay[], isStock: boolean): Overview {
  const { storage } = state;
  return {
    status: state.status,
    ...(state.error && { error: plainError(state.error) }),
    rungs: {
      saved: rungCount(state.saved),
      sent: rungCount(state.sent),
      confirmed: rungCount(state.confirmed),
      ...(state.durable && { durable: rungCount(state.durable) }),
    },
    durability: state.durability,
    storage: {
      kind: storage.kind,
      state: storage.state,
      ...(storage.persisted !== undefined && { persisted: storage.persisted }),
      ...(storage.takeover && { takeover: storage.takeover }),
      ...(storage.usedBytes !== undefined && { usedBytes: storage.usedBytes }),
      ...(storage.quotaBytes !== undefined && { quotaBytes: storage.quotaBytes }),
      ...(storage.error && { error: plainError(storage.error) }),
    },
    relays,
    ...(isStock && { isStock }),
  };
}

function rungCount(rung: Rung): RungCount {
  return {
    pending: rung.pending,
    ...(rung.oldestSinceMs !== undefined && { oldestSinceMs: rung.oldestSinceMs }),
    ...(rung.error && { error: plainError(rung.error) }),
  };
}
