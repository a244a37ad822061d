import type { IncomingMessage } from 'node:http';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { SignInRefusal } from '../auth/principal.ts';
import { checkBlock } from '../operator/refuse-blocked.ts';
import { maxTokenLength } from '../../wire/frames.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { noLookups, StatelessRefusal } from './refusal.ts';
import { isRelayToken, type RelayTokens } from './relay-tokens.ts';

type SignInTools = Pick<StatelessTools, 'signIns' | 'restrictions' | 'clock'> & {
  readonly tokens: RelayTokens;
};

/** Rejects with a `StatelessRefusal` unless the request has a token that counts here, or anyone may send requests. */
export async function checkBearer(
  { headers }: IncomingMessage,
  address: string,
  methods: SignInMethods | undefined,
  { signIns, tokens, restrictions, clock }: SignInTools,
): Promise<void> {
  if (!methods) return;
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1];
  if (token === undefined || token.length > maxTokenLength)
    throw new StatelessRefusal(
      'unauthorized',
      'This relay serves only clients that sign in. Send a token in the header `Authorization: Bearer`.',
    );
  const { kind } = await signIn(address, signIns, async () => {
    if (!isRelayToken(token) || !methods.names.includes('account'))
      return methods.verify({ maia: 'auth', method: 'jwt', token }, '');
    const principal = await tokens.verify(token);
    checkBlock(principal, restrictions, clock.nowMs());
    return principal;
  });
  if (kind === 'lookup') throw noLookups();
}

/** Counts failures by address. */
export async function signIn<T>(
  address: string,
  signIns: StatelessTools['signIns'],
  verify: () => Promise<T>,
): Promise<T> {
  const refusal = signIns.signInRefusal(address);
  if (refusal !== undefined) throw new StatelessRefusal('limit', refusal, { retryAfterMs: 60_000 });
  try {
    return await verify();
  } catch (error) {
    if (!(error instanceof SignInRefusal)) throw error;
    if (!error.isOurFault) signIns.signInFailed(address);
    const { code, message, retryAfterMs } = error;
    throw new StatelessRefusal(code, message, { retryAfterMs });
  }
}
