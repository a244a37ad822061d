import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { isCoValueID } from '../../wire/ids.ts';
import { maxPrincipalLength, SignInRefusal, type Principal } from './principal.ts';

export interface TokenRules {
  readonly findKey: JWTVerifyGetKey;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** A token with the claim `app` counts for that app alone. */
  readonly appID?: string | undefined;
  /** Whether the principal gets the claims. */
  readonly keepsClaims?: boolean | undefined;
}

/** Only signatures: with `none` or a shared secret, anyone could make tokens. */
const algorithms = ['EdDSA', 'ES256'];
/** How far the clocks of the relay and the identity server may differ. */
const toleranceSeconds = 30;
const maxAgeSeconds = 86_400;
/** Each costs a signature check. */
const maxKeysTried = 5;
/** Until then, the token may count, or a clock be corrected. */
const retryAheadMs = 30_000;
const aheadClaims: ReadonlySet<string> = new Set(['iat', 'nbf']);

/** Verifies a JSON Web Token, RFC 7519. Rejects with a `SignInRefusal`. */
export async function verifyToken(token: string, rules: TokenRules, nowMs: number): Promise<Principal> {
  const { findKey, issuer, audience, appID, keepsClaims = false } = rules;
  try {
    const payload = await verifyByAnyKey(token, findKey, {
      algorithms,
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: toleranceSeconds,
      maxTokenAge: maxAgeSeconds,
      currentDate: new Date(nowMs),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    });
    const { iss = '', sub, exp = 0, iat = 0, app, collections } = payload;
    if (typeof sub !== 'string' || sub === '') throw refused('it names no subject');
    if (app !== undefined && app !== appID)
      throw new SignInRefusal('forbidden', 'The token is for another app. Get one for this app.');
    const id = JSON.stringify([iss, sub]);
    if (id.length > maxPrincipalLength) throw refused('its issuer and subject are too long');
    return {
      kind: 'token',
      id,
      sinceMs: iat * 1_000,
      untilMs: Math.min(exp, iat + maxAgeSeconds) * 1_000,
      ...(keepsClaims && { claims: Object.freeze(payload) }),
      ...(Array.isArray(collections) && { collections: collections.filter(isCoValueID) }),
    };
  } catch (error) {
    throw error instanceof SignInRefusal ? error : refusalOf(error);
  }
}

/** A token need not name its key, and several may fit while keys are changed. */
async function verifyByAnyKey(
  token: string,
  findKey: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, findKey, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tried = 0;
    for await (const key of error) {
      if (tried++ === maxKeysTried) break;
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function refusalOf(error: unknown): SignInRefusal {
  if (error instanceof errors.JWTExpired)
    return new SignInRefusal('expired', 'The token has expired. Get a new one.');
  if (error instanceof errors.JWTClaimValidationFailed && aheadClaims.has(error.claim))
    return new SignInRefusal(
      'unauthorized',
      `The token was refused: its claim \`${error.claim}\` is ahead of the clock of the relay.`,
      { retryAfterMs: retryAheadMs },
    );
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(`its claim \`${error.claim}\` does not fit this relay`);
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('its signature is wrong');
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused('it is signed with another algorithm than EdDSA or ES256');
  return refused('it is not a valid token');
}

function refused(why: string): SignInRefusal {
  return new SignInRefusal('unauthorized', `The token was refused: ${why}.`);
}
