import type { RawGroup } from 'cojson';
import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Role } from '../../base/role.ts';

export function notMember(id: string): KernelError {
  return createKernelError(
    'SHARE_FORBIDDEN',
    'This account is not a member of the group, so it cannot change who may open what the group has. Ask a manager or an admin of the group for an invite.',
    { details: { id, role: undefined } },
  );
}

export function notShareable(id: string, role: Role | undefined): KernelError {
  return createKernelError(
    'SHARE_FORBIDDEN',
    'This belongs to no group, so it cannot be shared. Create what is shared in a group.',
    { details: { id, role } },
  );
}

export function roleFromAbove(groupID: string, role: Role | undefined): KernelError {
  return createKernelError(
    'SHARE_FORBIDDEN',
    'The account has its role from another group, which this one extends. Nothing was changed. Change the members of that group.',
    { details: { id: groupID, role } },
  );
}

/** Changes a group. What the group rules refuse is SHARE_FORBIDDEN, and a change that does not count is EDIT_NOT_COUNTED. */
export function changeMembers<T>({ id }: RawGroup, change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (error instanceof Error && isNotCounted.test(error.message)) throw changeNotCounted(id);
    if (!isKernelError(error, 'WRITE_FORBIDDEN')) throw error;
    throw createKernelError('SHARE_FORBIDDEN', error.message, { details: error.details });
  }
}

/** What cojson throws after a change that the group rules leave out. It names the key of an invite. */
const isNotCounted = /^Failed to (?:set|revoke) role/;

function changeNotCounted(id: string): KernelError {
  return createKernelError(
    'EDIT_NOT_COUNTED',
    'The members are as before, because the change does not count. Probably this device’s clock is wrong, or was when the group was made: then set the clock, and create what is shared in a new group.',
    { details: { ids: [id], reasons: ['other'] } },
  );
}
