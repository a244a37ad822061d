import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { maxTokenLength } from '../../wire/frames.ts';

/** Why an attempt to sign in failed. `retry`: a later attempt may succeed without a change of the app's options. */
export interface AuthFailure {
  readonly error: KernelError;
  readonly retry: boolean;
  /** Requested by the relay. */
  readonly retryAfterMs?: number;
}

export const notSetUp = (url: URL) =>
  optionFailure(
    url,
    'the relay requires it, and the app passes no `auth`',
    'Pass it in the option `sync` when you open the session',
  );

export function notOffered(url: URL, method: string, accepted: readonly string[]): AuthFailure {
  if (method === 'lookup' && accepted.includes('account'))
    return optionFailure(
      url,
      'the relay lets in no new device by its passkey',
      'Open the account by its recovery phrase, or update the relay',
    );
  const options = [
    ...(accepted.includes('jwt') ? ['`auth: { token }`'] : []),
    ...(accepted.includes('account') ? ["`auth: 'account'`"] : []),
  ];
  return optionFailure(
    url,
    'the relay does not accept the method of the app’s `auth`',
    options.length > 0 ? `Pass ${options.join(' or ')}` : 'Update the app’s kernel, or use another relay',
  );
}

export const unencrypted = (url: URL) =>
  optionFailure(url, 'the connection is not encrypted', 'Use a wss: address');

export const noAccount = (url: URL) =>
  optionFailure(
    url,
    'its node acts for an agent, and has no account to prove',
    'Pass `auth: { token }`, or let the node act for an account',
  );

export const notSigned = (url: URL) => failure(url, 'its key does not sign', 'Reload the page', false);

/** The reason is not kept, because it may contain a token. */
export const tokenRejected = (url: URL) =>
  passing(url, 'the app’s `auth.token` rejected', 'check the identity server, and log the reason in `token`');

export const tokenTooSlow = (url: URL) =>
  passing(
    url,
    'the app’s `auth.token` returned no token in time',
    'check the identity server; `token` must settle within 10 s',
  );

/** Undefined if it can be sent. */
export function tokenFailure(url: URL, token: unknown): AuthFailure | undefined {
  const isText = typeof token === 'string';
  if (isText && token !== '' && token.length <= maxTokenLength) return undefined;
  const what = isText
    ? `a token of ${token.length} characters (the limit is ${maxTokenLength})`
    : 'something else than a string';
  return optionFailure(
    url,
    `the app’s \`auth.token\` returned ${what}`,
    'Return a token, or reject while there is none; then call `reconnect()`',
  );
}

export const notWelcomed = (url: URL) => passing(url, 'the relay does not answer', 'check the relay’s log');

function optionFailure(url: URL, what: string, remedy: string): AuthFailure {
  return failure(url, what, remedy, false, { needsOtherAuth: true });
}

function passing(url: URL, what: string, remedy: string): AuthFailure {
  return failure(url, what, `Retrying automatically; if this continues, ${remedy}`, true);
}

/** Also true of a renewal, during which this device is still signed in. */
function failure(
  { host }: URL,
  what: string,
  remedy: string,
  retry: boolean,
  details: { readonly needsOtherAuth?: true } = {},
): AuthFailure {
  const message = `This device cannot sign in at the relay at ${host}: ${what}. ${remedy}. Edits wait on this device until it is signed in.`;
  return { error: createKernelError('RELAY_UNAUTHORIZED', message, { details }), retry };
}
