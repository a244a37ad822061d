/**
 * How the kernel signs in at a relay that requires it; other relays receive nothing of it. Signing in takes a `wss:` address,
 * except on this machine.
 *
 * `'account'`: the account of the session proves itself with its own key.
 *
 * `token`: returns a JSON Web Token that the relay accepts, of at most 16,000 characters. It is called for each connection,
 * and when 80 % of the time that the relay grants has passed, so return a token that is still valid for some minutes. It must
 * settle within 10 s. If it rejects, the kernel calls it again later; so reject while there is no token, for example while
 * the identity server cannot be reached.
 */
export type RelayAuth = { readonly token: () => Promise<string> } | 'account';

/** The name in the protocol. */
export type AuthMethod = 'jwt' | 'account';

export function methodOf(auth: RelayAuth | undefined): AuthMethod | undefined {
  if (auth === undefined || auth === 'account') return auth;
  return 'jwt';
}

/** The value may come from JavaScript. */
export function isRelayAuth(value: unknown): value is RelayAuth | undefined {
  if (value === undefined || value === 'account') return true;
  return typeof value === 'object' && value !== null && 'token' in value && typeof value.token === 'function';
}
