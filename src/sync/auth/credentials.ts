import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { AuthFrame } from '../../wire/frames.ts';
import { accountOf, signProof, type AccountKeys } from './account-proof.ts';
import * as errors from './auth-errors.ts';
import { methodOf, type AuthMethod, type RelayAuth } from './relay-auth.ts';

/** What the app configured to sign in at one relay. */
export interface Credentials {
  /** What the relay has to offer. */
  readonly method: AuthMethod | 'lookup';
  /** Never rejects; need not settle after `signal` has aborted. `url`: as dialled. */
  answer(url: URL, nonce: string, signal: AbortSignal): Promise<AuthFrame | errors.AuthFailure>;
}

/** Relays wait about as long. */
export const tokenMs = 10_000;

export function createCredentials(options: {
  readonly auth: RelayAuth | undefined;
  readonly node: LocalNode;
  /** Default: the account that the node acts for. */
  readonly account?: AccountKeys | undefined;
  readonly clock: Clock;
}): Credentials | undefined {
  const { auth, node, account, clock } = options;
  const method = methodOf(auth);
  if (!auth || !method) return undefined;

  function prove(url: URL, nonce: string): AuthFrame | errors.AuthFailure {
    const keys = account ?? accountOf(node);
    if (!keys) return errors.noAccount(url);
    try {
      const scope = keys.scope && { scope: keys.scope };
      return { maia: 'auth', method: 'account', ...signProof(node, keys, { url, nonce }), ...scope };
    } catch {
      return errors.notSigned(url); // The cause may quote the key.
    }
  }

  return {
    method: method === 'account' ? (account?.scope ?? method) : method,
    answer: (url, nonce, signal) =>
      auth === 'account' ? Promise.resolve(prove(url, nonce)) : requestToken(auth, url, clock, signal),
  };
}

function requestToken(
  auth: Exclude<RelayAuth, 'account'>,
  url: URL,
  clock: Clock,
  signal: AbortSignal,
): Promise<AuthFrame | errors.AuthFailure> {
  return new Promise((resolve) => {
    const cancel = clock.after(tokenMs, () => settle(errors.tokenTooSlow(url)));
    signal.addEventListener('abort', cancel);
    function settle(answer: AuthFrame | errors.AuthFailure): void {
      cancel();
      signal.removeEventListener('abort', cancel);
      resolve(answer);
    }
    // An async function, because the app's may throw.
    void (async () => await auth.token())().then(
      (token) => settle(errors.tokenFailure(url, token) ?? { maia: 'auth', method: 'jwt', token }),
      () => settle(errors.tokenRejected(url)),
    );
  });
}
