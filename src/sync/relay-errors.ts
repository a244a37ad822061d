import { createKernelError, type KernelError } from '../base/kernel-error.ts';
import type { RefusalCode, RefusedFrame } from '../wire/frames.ts';

export function notARelay(url: URL, cause: unknown): KernelError {
  return createKernelError(
    'RELAY_NOT_A_RELAY',
    `What answers at ${url.host} is not a relay. Check the relay’s address; its path is usually /sync.`,
    { cause },
  );
}

export function silent(url: URL): KernelError {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${url.host} has said nothing for 10 s. It is tried again by itself; if it stays silent, look at the relay.`,
  );
}

export function frameTooLarge(url: URL): KernelError {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `The relay at ${url.host} sent a message that is too large to be one of a relay. The connection was closed, and is tried again by itself.`,
  );
}

export function contentTooLarge(bytes: number, limit: number): KernelError {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `An edit of ${bytes} bytes is larger than the ${limit} bytes that the relay takes, so it stays on this device. Write large values in pieces, for instance as a binary stream.`,
    { details: { bytes, limit } },
  );
}

export function lateHello(): KernelError {
  return createKernelError(
    'MESSAGE_INVALID',
    'The relay introduced itself a second time, so what it promises cannot be trusted. The connection was closed, and is tried again by itself.',
  );
}

export function asksForAuth(url: URL): KernelError {
  return createKernelError(
    'RELAY_UNAUTHORIZED',
    `The relay at ${url.host} asks who this is, and the app has set up no answer. Use a relay that needs none, or a version of the kernel that can authenticate.`,
  );
}

export function closedByNode(): KernelError {
  return createKernelError('ABORTED', 'The node closed its peer. It is added again by itself.');
}

const errorCodeByRefusal = {
  invalid: 'MESSAGE_INVALID',
  'too-large': 'MESSAGE_TOO_LARGE',
  limit: 'RELAY_LIMIT',
  unauthorized: 'RELAY_UNAUTHORIZED',
  expired: 'RELAY_UNAUTHORIZED',
  forbidden: 'RELAY_REFUSED',
  fork: 'RELAY_REFUSED',
  storage: 'RELAY_REFUSED',
  draining: 'RELAY_UNREACHABLE',
} as const satisfies Record<Exclude<RefusalCode, 'outdated'>, string>;

export function refusalError(
  url: URL,
  { code, reason, id }: RefusedFrame,
  app: { readonly required: string | undefined; readonly have: string | undefined },
): KernelError {
  if (code === 'outdated') return outdated(url, app);
  return createKernelError(
    errorCodeByRefusal[code],
    `The relay at ${url.host} refused${id === undefined ? '' : ` ${id}`}: ${reason} (${code}).${willRetry(code) ? ' It is tried again by itself.' : ''}`,
    { details: { refusal: code, reason, ...(id !== undefined && { id }) } },
  );
}

function outdated(
  url: URL,
  {
    required = 'a newer version',
    have,
  }: { readonly required?: string | undefined; readonly have: string | undefined },
): KernelError {
  return createKernelError(
    'APP_OUTDATED',
    `The relay at ${url.host} needs ${required} of this app. Reload to get it; edits wait on this device meanwhile.`,
    { details: { required, ...(have !== undefined && { have }) } },
  );
}

/** The relay has other transactions of a session than those it was sent. */
export function isFork(error: KernelError): boolean {
  return 'refusal' in error.details && error.details.refusal === 'fork';
}

/** Whether asking again may meet another answer. A connection that is refused for good is not tried again by itself. */
export function willRetry(code: RefusalCode): boolean {
  return code === 'limit' || code === 'storage' || code === 'draining' || code === 'invalid';
}
