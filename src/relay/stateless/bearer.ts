import type { IncomingMessage } from 'node:http';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import { authorOf, sessionsOf, type Content } from '../../engine/content.ts';
import { SignInRefusal, type Principal } from '../auth/principal.ts';
import { checkBlock } from '../operator/refuse-blocked.ts';
import { maxTokenLength } from '../../wire/frames.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { noLookups, StatelessRefusal } from './refusal.ts';
import { isRelayToken, isTicket, type RelayTokens, type Ticket } from './relay-tokens.ts';

type SignInTools = Pick<StatelessTools, 'signIns' | 'restrictions' | 'clock'> & {
  readonly tokens: RelayTokens;
};

/** A client whose token counts. */
export interface Sender {
  /** Undefined where clients need not sign in. */
  readonly principal: Principal | undefined;
  /** Of a ticket, which counts only for pushes: the account that has to have signed all of them. */
  readonly onlyBy?: string;
  /** Throws a `StatelessRefusal` once the token has ended or its user is blocked. */
  check(): void;
}

const inHeader = 'Send a token in the header `Authorization: Bearer`.';

/** Rejects with a `StatelessRefusal` unless the request has a token that counts here for this, or anyone may send requests. */
export function checkBearer(
  request: IncomingMessage,
  address: string,
  methods: SignInMethods | undefined,
  part: 'push' | 'pull' | 'erase' | 'export',
  tools: SignInTools,
): Promise<Sender> {
  const asked = { how: inHeader, isTicketTaken: part === 'push' };
  return checkToken(tokenIn(request), asked, address, methods, tools);
}

/** `how`: how a client sends one. Rejects as `checkBearer` does. */
export async function checkToken(
  token: string | undefined,
  { how, isTicketTaken = false }: { readonly how: string; readonly isTicketTaken?: boolean },
  address: string,
  methods: SignInMethods | undefined,
  { signIns, tokens, restrictions, clock }: SignInTools,
): Promise<Sender> {
  if (!methods) return { principal: undefined, check() {} };
  const text = requireToken(token, how);
  const isQuick = isTicket(text) || (isRelayToken(text) && methods.names.includes('account'));
  const { principal, accountID } = await signIn(address, signIns, () => verify(methods), { isQuick });
  if (principal.kind === 'lookup') throw noLookups();
  if (accountID !== undefined && !isTicketTaken)
    throw new StatelessRefusal('forbidden', 'A ticket counts only for pushes. Sign in for anything else.');
  return {
    principal,
    ...(accountID !== undefined && { onlyBy: accountID }),
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

  async function verify(methods: SignInMethods): Promise<Verified> {
    if (!isQuick)
      return { principal: await methods.verify({ maia: 'auth', method: 'jwt', token: text }, '') };
    const verified = isTicket(text)
      ? await tokens.verifyTicket(text)
      : { principal: await tokens.verify(text) };
    // The relay may have let these users in earlier.
    if (!methods.names.includes(verified.principal.kind === 'account' ? 'account' : 'jwt'))
      throw new SignInRefusal('unauthorized', 'The relay does not offer this way to sign in.');
    checkBlock(verified.principal, restrictions, clock.nowMs());
    return verified;
  }
}

type Verified = Pick<Ticket, 'principal'> & Partial<Ticket>;

/** Throws a `StatelessRefusal` if there is none. */
export function bearerOf(request: IncomingMessage): string {
  return requireToken(tokenIn(request), inHeader);
}

function tokenIn({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1];
}

function requireToken(token: string | undefined, how: string): string {
  if (token !== undefined && token.length <= maxTokenLength) return token;
  throw new StatelessRefusal('unauthorized', `This relay serves only clients that sign in. ${how}`);
}

/** Throws a `StatelessRefusal` if a push by a ticket has anything that another account may have written. */
export function refuseOthersContent(changes: readonly Content[], { onlyBy }: Sender): void {
  if (onlyBy === undefined) return;
  // A header has no signature, so a ticket brings none without a transaction.
  const isOwn = (change: Content) =>
    sessionsOf(change).length > 0 &&
    sessionsOf(change).every(([sessionID]) => authorOf(sessionID) === onlyBy);
  const others = changes.filter((change) => !isOwn(change)).map(({ id }) => id);
  if (others.length > 0)
    throw new StatelessRefusal('forbidden', 'A ticket permits only what its account has signed.', {
      ids: [...new Set(others)],
    });
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
