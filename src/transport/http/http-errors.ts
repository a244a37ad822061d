import { createKernelError } from '../../base/kernel-error.ts';

/** Nothing answered, or the browser let nothing through: it says no more than that it failed. */
export function unreachable({ host }: URL, cause: unknown) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `No relay could be reached over HTTP at ${host}. It is tried again by itself; check that a relay runs there, that the page’s Content-Security-Policy (connect-src) allows it, and that the relay allows this origin.`,
    { cause, details: { host } },
  );
}

export function refused({ host }: URL, status: number) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `What answers at ${host} gave no channel over HTTP (status ${status}). It is tried again by itself; check the relay’s address and that it is running.`,
    { details: { host, status } },
  );
}

export function lost({ host }: URL, cause?: unknown) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The connection to the relay at ${host} was lost. It is opened again by itself.`,
    { cause, details: { host } },
  );
}

/** 410: the relay was started again, or the requests go to several that do not share their channels. */
export function unknownChannel({ host }: URL) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The relay at ${host} does not know this connection any more. It is opened again by itself; if this goes on and there are several relays, have each client’s requests reach the same one.`,
    { details: { host, status: 410 } },
  );
}

export function tooLarge({ host }: URL) {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `The relay at ${host}, or something before it, took a message for too large. The connection is opened again by itself; if it goes on, allow larger requests there.`,
    { details: { host, status: 413 } },
  );
}

export function notTaken({ host }: URL) {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${host} did not take what was sent to it. The connection is opened again by itself; if it goes on, look at the relay and at what stands before it.`,
  );
}

export function notARelay({ host }: URL, cause?: unknown) {
  return createKernelError(
    'RELAY_NOT_A_RELAY',
    `What answers at ${host} over HTTP is not a relay. Check the relay’s address; its path is usually /sync.`,
    { cause },
  );
}

export function eventTooLong({ host }: URL, cause: unknown) {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `The relay at ${host} sent a message that is too large to be one of a relay. The connection was closed, and is tried again by itself.`,
    { cause },
  );
}
