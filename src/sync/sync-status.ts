import type { StorageStatus } from '../storage/device-storage.ts';
import type { KernelError } from '../base/kernel-error.ts';
import { errorOf, type PeerPhase } from './peer-status.ts';
import type { Rung, SyncState } from './sync-state.ts';

type Status = Pick<SyncState, 'status' | 'error'>;

/** The overall status. The worst fact wins. */
export function statusOf(facts: {
  readonly failure: KernelError | undefined;
  /** The phase of each relay. Data that only one of two relays has is not safe at both. */
  readonly peers: readonly PeerPhase[];
  readonly storage: StorageStatus;
  readonly confirmed: Rung;
  /** False until the sync knows what an earlier run left unconfirmed and what a relay has lost. */
  readonly isComplete: boolean;
}): Status {
  const { failure, peers, storage, confirmed, isComplete } = facts;
  if (failure) return { status: 'failed', error: failure };
  const error = peers.map(errorOf).find((error) => error !== undefined);
  const failed = peers.find((peer) => peer.phase === 'failed');
  if (failed) return { status: 'failed', error: failed.error };
  if (storage.state === 'failing') return { status: 'failed', ...withError(storage.error) };
  if (peers.every(({ phase }) => phase === 'closed')) return { status: 'off' };
  if (peers.some(({ phase }) => phase === 'paused')) return { status: 'paused' };
  if (peers.every(({ phase }) => phase === 'offline')) return { status: 'offline' };
  if (peers.some(({ phase }) => phase !== 'connected')) return { status: 'connecting', ...withError(error) };
  if (confirmed.pending === 0) return { status: isComplete ? 'confirmed' : 'syncing' };
  return { status: 'syncing', ...withError(confirmed.error) };
}

function withError(error: KernelError | undefined): { readonly error?: KernelError } {
  return error ? { error } : {};
}
