import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import type { WaitedRung } from './rung-waits.ts';
import type { SyncState } from './sync-state.ts';

/** Why nothing gets to a rung as things are; undefined where waiting makes sense. */
export function refusalOf(
  rung: WaitedRung,
  { state, failure }: { readonly state: SyncState; readonly failure: KernelError | undefined },
): KernelError | undefined {
  if (rung === 'saved') return state.storage.state === 'memory-only' ? keepsNothing(state) : undefined;
  if (state.peers.length === 0) return syncOff(failure);
  if (rung === 'durable' && promisesNothing(state)) return durabilityNotOffered();
  return undefined;
}

/** A server that said no `hello` is a stock one, which confirms before it has written anything. */
function promisesNothing({ durability, peers }: SyncState): boolean {
  return durability === 'none' || peers.some(({ phase, relay }) => phase === 'connected' && !relay);
}

export function syncClosed(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'Sync was closed while this waited. What was saved on this device goes on with the next session.',
  );
}

function keepsNothing({ storage }: SyncState): KernelError {
  return createKernelError(
    'STORAGE_UNAVAILABLE',
    'Nothing is kept on this device, so no edit is ever saved here. Wait for `whenConfirmed` instead.',
    { cause: storage.error },
  );
}

function syncOff(cause: KernelError | undefined): KernelError {
  return createKernelError(
    'SYNC_OFF',
    'There is no relay that an edit could get to. Connect one with `setupSyncPeers`, or by the `sync` option.',
    { cause },
  );
}

function durabilityNotOffered(): KernelError {
  return createKernelError(
    'DURABILITY_NOT_OFFERED',
    'A relay does not promise that what it confirms survives its own crash. Wait for `whenConfirmed` instead, or use a relay that promises it.',
  );
}
