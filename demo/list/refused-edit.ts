import { isKernelError } from '@MaiaOS/kernel';
import { failureOf } from '../session/failure-of.ts';

/** Why an edit was not made, and what the user can do. */
export function refusedEdit(error: unknown): string {
  if (isKernelError(error, 'WRITE_FORBIDDEN') || isKernelError(error, 'SHARE_FORBIDDEN'))
    return forbiddenText(error.details.role);
  if (isKernelError(error, 'VALUE_TOO_LARGE')) return 'That is too long for one item. Make it shorter.';
  return failureOf(error).message;
}

function forbiddenText(role: string | undefined): string {
  switch (role) {
    case undefined:
      return 'You are no longer a member of this list, so you cannot change it. Ask whoever manages it for a link.';
    case 'reader':
      return 'You may read this list, but not change it. Ask whoever manages it to let you.';
    default:
      return 'Only the people who manage this list may change that. Ask one of them.';
  }
}
