import type { IncomingMessage } from 'node:http';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { bearerOf } from './bearer.ts';
import type { TokenRequest } from './read-token-request.ts';
import { StatelessRefusal } from './refusal.ts';
import type { Granted, RelayTokens } from './relay-tokens.ts';

/** Rejects with a `SignInRefusal` or a `StatelessRefusal`. */
export async function grantToken(
  request: IncomingMessage,
  wanted: TokenRequest,
  { tokens, signInMethods }: { readonly tokens: RelayTokens; readonly signInMethods: SignInMethods },
): Promise<Granted> {
  if ('proof' in wanted) {
    requireMethod(signInMethods, 'account');
    const grant = wanted.isForTicket ? tokens.exchangeForTicket : tokens.exchange;
    return grant(wanted.proof, signInMethods);
  }
  requireMethod(signInMethods, 'jwt');
  const principal = await signInMethods.verify({ maia: 'auth', method: 'jwt', token: bearerOf(request) }, '');
  return tokens.createTicket(principal, wanted.accountID);
}

/** Throws a `StatelessRefusal` if clients of this relay cannot sign in so. */
export function requireMethod(methods: SignInMethods | undefined, name: keyof typeof proofs): void {
  if (!methods?.names.includes(name)) throw notOffered(name);
}

const proofs = { account: 'account proofs', jwt: 'tokens of an identity server' } as const;

export function notOffered(name: keyof typeof proofs): StatelessRefusal {
  return new StatelessRefusal('not-found', `This relay takes no ${proofs[name]}.`);
}
