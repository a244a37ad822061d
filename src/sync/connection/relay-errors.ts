import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { RefusalCode } from '../../base/kernel-error.ts';
import type { RefusedFrame } from '../../wire/frames.ts';

/** Without a `cause`, the server sent back a frame that only kernels send. */
export function notARelay(url: URL, cause?: unknown): KernelError {
  return createKernelError(
    'RELAY_NOT_A_RELAY',
    `The server at ${url.host} is not a Maia relay. Check the relay’s address; its path is usually /sync.`,
    { cause, details: { isEcho: !cause } },
  );
}

export function silent(url: URL): KernelError {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${url.host} has sent nothing for 10 s. Reconnecting automatically; if it stays silent, check the relay.`,
  );
}

export function frameTooLarge(url: URL): KernelError {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `The relay at ${url.host} sent a message that exceeds the maximum size. Reconnecting automatically.`,
  );
}

export function contentTooLarge(bytes: number, limit: number): KernelError {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `An edit of ${bytes} bytes exceeds the relay’s limit of ${limit} bytes, so it stays on this device. Write large values in pieces, for example as a binary stream.`,
    { details: { bytes, limit } },
  );
}

export function contentInvalid(cause: unknown): KernelError {
  return createKernelError(
    'MESSAGE_INVALID',
    'cojson wrote this CoValue in a form that relays refuse, so it stays on this device. Possible causes: a clock before the year 2000 at its creation, or deeply nested `meta`. Create it again with a correct clock and simple `meta`.',
    { cause },
  );
}

export function slowHello(url: URL): KernelError {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${url.host} sent its hello too late. Reconnecting automatically.`,
  );
}

export function unexpected(kind: string): KernelError {
  return createKernelError(
    'MESSAGE_INVALID',
    `The relay sent \`${kind}\` at the wrong time. Reconnecting automatically.`,
  );
}

export function closedByNode(): KernelError {
  return createKernelError('ABORTED', 'The node closed its peer. Reconnecting automatically.');
}

const errorCodeByRefusal = {
  invalid: 'MESSAGE_INVALID',
  'too-large': 'MESSAGE_TOO_LARGE',
  limit: 'RELAY_LIMIT',
  unauthorized: 'RELAY_UNAUTHORIZED',
  expired: 'RELAY_UNAUTHORIZED',
  forbidden: 'RELAY_REFUSED',
  fork: 'RELAY_REFUSED',
  clock: 'RELAY_REFUSED',
  quota: 'RELAY_QUOTA',
  storage: 'RELAY_REFUSED',
  draining: 'RELAY_UNREACHABLE',
  // A retry would not help.
  unknown: 'RELAY_REFUSED',
} as const satisfies Record<Exclude<RefusalCode, 'outdated'>, string>;

export function refusalError(
  url: URL,
  frame: RefusedFrame,
  app: { readonly required: string | undefined; readonly have: string | undefined },
): KernelError {
  const { code, reason, id } = frame;
  if (code === 'outdated') return outdated(url, app);
  return createKernelError(
    errorCodeByRefusal[code],
    `The relay at ${url.host} refused${id === undefined ? '' : ` ${id}`} (${code}): ${reason.replace(/\.?$/, '.')}${remedyOf(frame)}`,
    { details: { refusal: code, reason, ...(id !== undefined && { id }) } },
  );
}

function remedyOf(frame: RefusedFrame): string {
  if (frame.code === 'forbidden' && willRetry(frame))
    return ' Edits wait on this device until the relay lets it in again. Retrying automatically.';
  if (frame.code === 'quota')
    return ' Edits wait on this device until there is room: ask the operator, or delete CoValues.';
  if (willRetry(frame)) return ' Retrying automatically.';
  return frame.code === 'unauthorized'
    ? ' Sign in again in the app, or compare its `auth` with the relay’s settings; then call `reconnect()`. Until then, edits wait on this device.'
    : '';
}

function outdated(
  url: URL,
  {
    required = 'a newer version',
    have,
  }: { readonly required?: string | undefined; readonly have: string | undefined },
): KernelError {
  const wanted = required === 'a newer version' ? required : `version ${required} or newer`;
  // A reload would bring back an app without a version.
  const next =
    have === undefined ? ', but the app reports no version. Pass `appVersion`' : '. Reload to get it';
  return createKernelError(
    'APP_OUTDATED',
    `The relay at ${url.host} requires ${wanted} of this app${next}; until then, edits wait on this device.`,
    { details: { required, ...(have !== undefined && { have }) } },
  );
}

/** The relay's transactions for a session differ from those it was sent. */
export function isFork(error: KernelError): boolean {
  return isKernelError(error, 'RELAY_REFUSED') && error.details.refusal === 'fork';
}

/** Whether a retry may get a different answer. A permanently refused connection is not retried automatically. */
export function willRetry({ code, retryAfterMs }: RefusedFrame): boolean {
  // Of these, only what the relay expects to pass.
  if (code === 'unauthorized' || code === 'forbidden') return retryAfterMs !== undefined;
  // What has expired is replaced on the next connection.
  return (
    code === 'limit' || code === 'storage' || code === 'draining' || code === 'invalid' || code === 'expired'
  );
}
