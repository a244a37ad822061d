import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import type { RungName } from './rungs.ts';
import type { SyncState } from './sync-state.ts';

/** Why nothing can reach a rung at the moment; undefined if waiting makes sense. */
export function refusalOf(
  rung: RungName,
  { state, failure }: { readonly state: SyncState; readonly failure: KernelError | undefined },
): KernelError | undefined {
  if (rung === 'saved') return state.storage.state === 'memory-only' ? keepsNothing(state) : undefined;
  if (state.peers.length === 0) return syncOff(failure);
  if (rung === 'durable' && promisesNothing(state)) return durabilityNotOffered();
  return undefined;
}

/** A server that sent no `hello` is a stock one, which confirms before it has written anything. */
function promisesNothing({ durability, peers }: SyncState): boolean {
  return durability === 'none' || peers.some(({ phase, relay }) => phase === 'connected' && !relay);
}

export function syncClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'Sync was closed during the wait. Edits saved on this device are sent in the next session.',
  );
}

function keepsNothing({ storage }: SyncState): KernelError {
  return createKernelError(
    'STORAGE_UNAVAILABLE',
    'This device stores nothing, so no edit is ever saved here. Wait for `whenConfirmed` instead.',
    { cause: storage.error },
  );
}

function syncOff(cause: KernelError | undefined): KernelError {
  return createKernelError(
    'SYNC_OFF',
    'There is no relay to send edits to. Connect one with `setupSyncPeers` or the `sync` option.',
    { cause },
  );
}

function durabilityNotOffered(): KernelError {
  return createKernelError(
    'DURABILITY_NOT_OFFERED',
    'At least one relay does not promise that confirmed edits survive a crash of that relay. Wait for `whenConfirmed` instead, or use a relay that promises durability.',
  );
}
