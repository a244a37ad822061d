import type { PeerInspection } from '../../sync/inspection.ts';
import type { Durability } from '../../sync/sync-state.ts';

const promises: readonly Durability[] = ['none', 'process-crash', 'power-loss'];

/** Reads the durability that the relay promises from its `hello`, which may contain anything. */
export function promiseIn(peer: PeerInspection | undefined): Durability | 'unknown' {
  const { durability = undefined } = (peer?.hello ?? {}) as { readonly durability?: unknown };
  return promises.find((promise) => promise === durability) ?? 'unknown';
}
