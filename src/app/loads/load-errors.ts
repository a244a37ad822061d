import { createKernelError, type KernelError, type LoadDelay } from '../../base/kernel-error.ts';
import type { GroupAccess } from '../../engine/covalue-access.ts';

export function notFound(id: string): KernelError {
  return createKernelError(
    'CO_VALUE_NOT_FOUND',
    'Neither this device nor a relay has what was asked for. Check the link, and that the device that created it has synced with the same relay.',
    { details: { id } },
  );
}

export function forbidden(id: string, { groupID, role }: GroupAccess): KernelError {
  return createKernelError(
    'CO_VALUE_FORBIDDEN',
    `This account is not a member of the group ${groupID}, so it cannot read ${id}. Ask a manager or an admin of the group for an invite.`,
    { details: { id, groupID, role } },
  );
}

export function unreadable(id: string, cause: KernelError): KernelError {
  return createKernelError(
    'CO_VALUE_UNREADABLE',
    `This device’s storage failed twice to read ${id}. Load it again later; what is stored is unchanged.`,
    { cause, details: { id } },
  );
}

export function malformed(id: string, cause: unknown): KernelError {
  return createKernelError(
    'CO_VALUE_UNREADABLE',
    `${id} has content that cannot be read. Update the app, or delete the value.`,
    { cause, details: { id } },
  );
}

const delays: Readonly<Record<LoadDelay, string>> = {
  offline: 'a relay is not connected. Load it again once the sync state shows a connection',
  'no-answer': 'a relay has not answered. Load it again',
  'sync-off': 'sync is off, and this device does not have it. Connect a relay to load it',
};

export function loadTimedOut(id: string, timeoutMs: number, because: LoadDelay): KernelError {
  return createKernelError('TIMEOUT', `${id} did not arrive within ${timeoutMs} ms: ${delays[because]}.`, {
    details: { id, timeoutMs, because },
  });
}

export function loadAborted(id: string, { reason }: AbortSignal): KernelError {
  return createKernelError('ABORTED', `The app stopped waiting for ${id}.`, { cause: reason });
}

export function loadAfterClose(): KernelError {
  return createKernelError(
    'SESSION_CLOSED',
    'This session is closed, so it loads nothing. Open the account again.',
    { details: {} },
  );
}
