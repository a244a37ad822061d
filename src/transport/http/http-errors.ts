import { createKernelError } from '../../base/kernel-error.ts';
import { isInBrowser, ownOrigin } from '../../platform/in-browser.ts';

/** The server is unreachable or a browser blocked the request: `fetch` does not reveal which. */
export function unreachable({ host }: URL, cause: unknown) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    isInBrowser()
      ? `Could not reach a relay at ${host}. Retrying automatically; check that a relay is running there, that the page’s Content-Security-Policy (connect-src) allows it, and that the relay allows this origin. Edits wait on this device.`
      : `Nothing answers at ${host}. Retrying automatically; check that a relay is running there and that the address is correct. Edits wait on this device.`,
    { cause, details: { host } },
  );
}

/** `status` 0: the browser withholds the answer from the page. */
export function refused({ host }: URL, status: number) {
  return createKernelError('RELAY_UNREACHABLE', `The server at ${host} ${refusal(status)}`, {
    details: { host, status },
  });
}

function refusal(status: number): string {
  const origin = ownOrigin();
  if (status === 403 && origin !== undefined)
    return `refuses this page (status 403). If a relay runs there, its operator can allow ${origin} in CORS_ORIGINS. Retrying automatically; edits wait on this device.`;
  if (status > 499)
    return `has no relay that is ready (status ${status}). Retrying automatically; edits wait on this device. If this goes on, check the relay there.`;
  const what = status
    ? `did not let this device in (status ${status})`
    : 'gave an answer that cannot be read here';
  return `${what}. Retrying automatically; check that a relay is running there and allows this origin.`;
}

/** A server answered, but not in the way a relay accepts a client. */
export function answered(url: URL, status: number, type: string | undefined) {
  // A relay or its proxy may accept the next attempt.
  const mayPass = status > 499 || [0, 401, 403, 429].includes(status);
  return mayPass ? refused(url, status) : notARelay(url, status, type);
}

export function lost({ host }: URL, cause?: unknown) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The connection to the relay at ${host} was lost. Reconnecting automatically.`,
    { cause, details: { host } },
  );
}

/** 410: the relay restarted, or requests reach several relays that do not share channels. */
export function unknownChannel({ host }: URL) {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The relay at ${host} no longer knows this connection. Reconnecting automatically; if this continues and there are several relays, route each client’s requests to the same one.`,
    { details: { host, status: 410 } },
  );
}

export function tooLarge({ host }: URL) {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `The relay at ${host}, or a proxy in front of it, rejected a message as too large. Reconnecting automatically; if this continues, allow larger requests there.`,
    { details: { host, status: 413 } },
  );
}

export function notTaken({ host }: URL) {
  return createKernelError(
    'RELAY_SILENT',
    `The relay at ${host} rejected a request. Reconnecting automatically; if this continues, check the relay and any proxy in front of it.`,
  );
}

export function notARelay({ host }: URL, status: number, type: string | undefined, cause?: unknown) {
  return createKernelError(
    'RELAY_NOT_A_RELAY',
    `The server at ${host} answers HTTP requests, but not as a Maia relay does. Check the relay’s address; its path is usually /sync.`,
    { cause, details: { status, type } },
  );
}

export function eventTooLong({ host }: URL, cause: unknown) {
  return createKernelError(
    'MESSAGE_TOO_LARGE',
    `The relay at ${host} sent a message that exceeds the maximum size. Reconnecting automatically.`,
    { cause },
  );
}
