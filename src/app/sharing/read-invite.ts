import { base58 } from '@scure/base';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { findInvite } from './find-invite.ts';
import type { Invite } from './sharing-types.ts';

const prefix = 'inviteSecret_z';
const secretBytes = 32;

/** Returns a complete invite. Throws INVITE_INVALID for text without one, and if it is cut off or was edited. */
export function readInvite(given: Invite | string | URL): Invite {
  const isText = typeof given === 'string' || given instanceof URL;
  const invite = isText ? findInvite(String(given)) : given;
  if (!invite) throw formError('The text holds no invite.');
  const { id, secret } = invite;
  const length = isCoValueID(id) ? secretLength(secret) : secret ? undefined : 0;
  if (length === secretBytes) return { id, secret };
  const isCutOff = length !== undefined && length < secretBytes;
  throw formError(isCutOff ? 'The end of the link is missing.' : 'The link was edited.');
}

/** In bytes. Undefined if it is no secret, nor the beginning of one. */
function secretLength(secret: unknown): number | undefined {
  if (typeof secret !== 'string') return undefined;
  if (prefix.startsWith(secret)) return 0;
  // Longer texts would take long to decode.
  if (!secret.startsWith(prefix) || secret.length > prefix.length + 2 * secretBytes) return undefined;
  try {
    return base58.decode(secret.slice(prefix.length)).length;
  } catch {
    return undefined;
  }
}

/** Without a cause, which could repeat the secret. */
function formError(what: string): KernelError {
  return createKernelError('INVITE_INVALID', `${what} Copy the whole link again.`, {
    details: { reason: 'form' },
  });
}
