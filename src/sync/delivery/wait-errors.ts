import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { NotCountedReason } from '../../base/not-counted-reason.ts';
import type { RungName } from '../rungs.ts';
import type { SyncState } from '../sync-state.ts';

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

const askForRole =
  'Ask a manager or an admin of the group for a role that permits it, then make the edit again.';

const explanations: Readonly<Record<NotCountedReason, string>> = {
  'no-access': `the role that this account had at that time does not permit it. ${askForRole}`,
  'not-a-member-then': `this account was not a member of the group at that time. ${askForRole}`,
  malformed: 'it is not a valid change of a group. Change a group only by its methods.',
  other: 'cojson rejected it. See `stateOf(id).current.notCounted`.',
};

export function editNotCounted(
  ids: readonly string[],
  reasons: readonly [NotCountedReason, ...NotCountedReason[]],
): KernelError {
  return createKernelError(
    'EDIT_NOT_COUNTED',
    `The relay has the edit, but no device counts it, because ${explanations[reasons[0]]}`,
    { details: { ids, reasons } },
  );
}

/** Resolves with why edits had not reached the rung when sync closed. */
export async function notReached(
  wait: Promise<void>,
  { until, timeoutMs }: { readonly until: RungName; readonly timeoutMs: number },
): Promise<KernelError | undefined> {
  try {
    await wait;
    return undefined;
  } catch (error) {
    if (!isKernelError(error)) throw error;
    if (error.code !== 'TIMEOUT') return error;
    return createKernelError(
      'TIMEOUT',
      `Sync was closed, although some edits were not ${until} after ${timeoutMs} ms. Edits saved on this device are sent in the next session.`,
      { details: { rung: until, timeoutMs } },
    );
  }
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
