import type { StorageStatus } from '../storage/device-storage.ts';
import type { KernelError } from '../platform/kernel-error.ts';
import type { PeerPhase } from './peer-status.ts';
import type { Rung, SyncState } from './sync-state.ts';

/** One word for the whole, the worst fact first. */
export function statusOf(facts: {
  readonly failure: KernelError | undefined;
  readonly peer: PeerPhase | undefined;
  readonly storage: StorageStatus;
  readonly confirmed: Rung;
  /** False until it is known what an earlier run left behind. */
  readonly isComplete: boolean;
}): Pick<SyncState, 'status' | 'error'> {
  const { failure, peer, storage, confirmed, isComplete } = facts;
  if (failure) return { status: 'failed', error: failure };
  if (peer?.phase === 'failed') return { status: 'failed', error: peer.error };
  if (storage.state === 'failing') return { status: 'failed', ...errorOf(storage) };
  switch (peer?.phase) {
    case undefined:
    case 'closed':
      return { status: 'off' };
    case 'paused':
      return { status: 'paused' };
    case 'offline':
      return { status: 'offline' };
    case 'connecting':
      return { status: 'connecting' };
    case 'waiting':
      return { status: 'connecting', error: peer.error };
    case 'connected':
      if (confirmed.pending === 0) return { status: isComplete ? 'confirmed' : 'syncing' };
      return { status: 'syncing', ...errorOf(confirmed) };
  }
}

function errorOf({ error }: { readonly error?: KernelError }): { readonly error?: KernelError } {
  return error ? { error } : {};
}
