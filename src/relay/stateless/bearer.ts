import type { IncomingMessage } from 'node:http';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { SignInRefusal, type Principal } from '../auth/principal.ts';
import { checkBlock } from '../operator/refuse-blocked.ts';
import { maxTokenLength } from '../../wire/frames.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { noLookups, StatelessRefusal } from './refusal.ts';
import { isRelayToken, type RelayTokens } from './relay-tokens.ts';

type SignInTools = Pick<StatelessTools, 'signIns' | 'restrictions' | 'clock'> & {
  readonly tokens: RelayTokens;
};

/** A client whose token counts. */
export interface Sender {
  /** Undefined where clients need not sign in. */
  readonly principal: Principal | undefined;
  /** Throws a `StatelessRefusal` once the token has ended or its user is blocked. */
  check(): void;
}

/** Rejects with a `StatelessRefusal` unless the request has a token that counts here, or anyone may send requests. */
export function checkBearer(
  { headers }: IncomingMessage,
  address: string,
  methods: SignInMethods | undefined,
  tools: SignInTools,
): Promise<Sender> {
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1];
  return checkToken(token, 'Send a token in the header `Authorization: Bearer`.', address, methods, tools);
}

/** `how`: how a client sends one. Rejects as `checkBearer` does. */
export async function checkToken(
  token: string | undefined,
  how: string,
  address: string,
  methods: SignInMethods | undefined,
  { signIns, tokens, restrictions, clock }: SignInTools,
): Promise<Sender> {
  if (!methods) return { principal: undefined, check() {} };
  if (token === undefined || token.length > maxTokenLength)
    throw new StatelessRefusal('unauthorized', `This relay serves only clients that sign in. ${how}`);
  const isQuick = isRelayToken(token) && methods.names.includes('account');
  const verify = async () => {
    if (!isQuick) return methods.verify({ maia: 'auth', method: 'jwt', token }, '');
    const account = await tokens.verify(token);
    checkBlock(account, restrictions, clock.nowMs());
    return account;
  };
  const principal = await signIn(address, signIns, verify, { isQuick });
  if (principal.kind === 'lookup') throw noLookups();
  return {
    principal,
    check() {
      try {
        checkBlock(principal, restrictions, clock.nowMs());
        if (hasEnded(principal, clock.nowMs()))
          throw new SignInRefusal('expired', 'The token has expired. Get a new one.');
      } catch (error) {
        throw error instanceof SignInRefusal ? refusalOf(error) : error;
      }
    },
  };
}

/** Counts failures by address. With `isQuick`, what is verified counts beyond their limit, too: others may have the address. */
export async function signIn<T>(
  address: string,
  signIns: StatelessTools['signIns'],
  verify: () => Promise<T>,
  { isQuick = false }: { readonly isQuick?: boolean } = {},
): Promise<T> {
  const refusal = signIns.signInRefusal(address);
  const refuse = () => {
    if (refusal !== undefined) throw new StatelessRefusal('limit', refusal, { retryAfterMs: 60_000 });
  };
  if (!isQuick) refuse();
  try {
    return await verify();
  } catch (error) {
    if (!(error instanceof SignInRefusal)) throw error;
    refuse();
    if (!error.isOurFault) signIns.signInFailed(address);
    throw refusalOf(error);
  }
}

/** The clock of the one that gave the token may differ. */
const toleranceMs = 30_000;

function hasEnded({ untilMs = Infinity }: Principal, nowMs: number): boolean {
  return untilMs + toleranceMs < nowMs;
}

function refusalOf({ code, message, retryAfterMs }: SignInRefusal): StatelessRefusal {
  return new StatelessRefusal(code, message, { retryAfterMs });
}
