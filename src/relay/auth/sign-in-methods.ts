import type { CryptoProvider } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { AuthFrame } from '../../wire/frames.ts';
import { isLoopback } from '../config/local-address.ts';
import type { RelayOptions } from '../config/relay-options.ts';
import { SignInRefusal, type Principal } from './principal.ts';
import { createAudienceCheck } from './relay-audience.ts';
import { verifyProof } from './verify-proof.ts';

/** How clients sign in at the relay. */
export interface SignInMethods {
  readonly names: readonly (AuthFrame['method'] | 'lookup')[];
  /** Rejects with a `SignInRefusal`. `nonce` is the one that this client got last. */
  verify(frame: AuthFrame, nonce: string): Promise<Principal>;
}

/** What was checked of the options. */
export interface AuthRules {
  readonly jwksUrl: URL | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly account: boolean;
  readonly isAudience: ReturnType<typeof createAudienceCheck>;
}

type AuthSettings = Pick<RelayOptions, 'auth' | 'publicUrls' | 'host' | 'server'>;

/** Undefined if clients need not sign in. Throws RELAY_SETTING_INVALID. */
export function readAuth(options: AuthSettings): AuthRules | undefined {
  const { auth, publicUrls = [], host = '127.0.0.1', server } = options;
  const isAudience = createAudienceCheck(publicUrls);
  if (!auth) return undefined;
  const { jwksUrl, issuer, audience, account = false } = auth;
  if (jwksUrl === undefined && (issuer !== undefined || audience !== undefined))
    throw invalid(
      'The issuer and the audience of tokens (JWT_ISSUER, JWT_AUDIENCE) need the keys that tokens are verified with. Set the address of the key set (JWKS_URL).',
    );
  if (jwksUrl === undefined && !account)
    throw invalid('`auth` names no way to sign in. Set `jwksUrl`, or `account`, or leave it out.');
  if (account && publicUrls.length === 0 && (server !== undefined || !isLoopback(host)))
    throw invalid(
      'With account proofs (SYNC_MAIA_ACCOUNT_AUTH), a relay that others reach needs its own addresses as clients dial them, so that no proof for another relay counts here. Set PUBLIC_URLS, such as wss://relay.example.org/sync.',
    );
  return {
    jwksUrl: jwksUrl === undefined ? undefined : readJwksUrl(jwksUrl),
    issuer,
    audience,
    account,
    isAudience,
  };
}

interface SignInTools {
  readonly crypto: CryptoProvider;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether principals get the claims of their tokens. Default: false. */
  readonly keepsClaims?: boolean;
}

/** Resolves with those of each app; `appID` is undefined for the default namespace. */
export async function createSignInMethods(
  rules: AuthRules,
  tools: SignInTools,
): Promise<(appID: string | undefined) => SignInMethods> {
  const { account } = rules;
  const { crypto, clock } = tools;
  const verifyJwt = await createTokenCheck(rules, tools);
  return (appID) => ({
    names: [...(verifyJwt ? (['jwt'] as const) : []), ...(account ? (['account', 'lookup'] as const) : [])],
    async verify(frame, nonce) {
      if (frame.method === 'jwt' && verifyJwt) return verifyJwt(frame.token, appID, clock.nowMs());
      if (frame.method === 'account' && account) {
        const isAudience = (url: string) => rules.isAudience(url, appID);
        const proven = verifyProof(frame, nonce, { crypto, isAudience });
        return frame.scope === 'lookup' ? { kind: 'lookup', id: frame.agentID } : proven;
      }
      throw new SignInRefusal('unauthorized', 'The relay does not offer this way to sign in.');
    },
  });
}

/** A relay without tokens loads nothing for them, which would take a tenth of its start. */
async function createTokenCheck(
  { jwksUrl: url, issuer, audience }: AuthRules,
  tools: SignInTools,
): Promise<((token: string, appID: string | undefined, nowMs: number) => Promise<Principal>) | undefined> {
  if (!url) return undefined;
  const [{ createKeySource }, { verifyToken }] = await Promise.all([
    import('./key-source.ts'),
    import('./verify-token.ts'),
  ]);
  const { clock, logger, keepsClaims } = tools;
  const findKey = createKeySource({ clock, logger, url });
  return (token, appID, nowMs) =>
    verifyToken(token, { findKey, issuer, audience, appID, keepsClaims }, nowMs);
}

function readJwksUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
  // The value may have a password.
  if (!isSafe || url.username !== '' || url.password !== '')
    throw invalid(
      'The address of the key set (JWKS_URL) is not valid. Use https, or http on this machine, such as https://id.example.org/.well-known/jwks.json, without a password.',
    );
  return url;
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
