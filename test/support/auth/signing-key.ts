import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

export interface SigningKey {
  readonly alg: 'EdDSA' | 'ES256';
  readonly kid: string;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

export async function createSigningKey(kid: string, alg: SigningKey['alg'] = 'EdDSA'): Promise<SigningKey> {
  return { alg, kid, ...(await generateKeyPair(alg, { extractable: true })) };
}

/** A valid token of `user-1` that was issued now and ends in an hour. `claims` overrides; undefined leaves a claim out. */
export function signToken({ alg, kid, privateKey }: SigningKey, claims: JWTPayload = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  return new SignJWT({ sub: 'user-1', iat: nowS, exp: nowS + 3_600, ...claims })
    .setProtectedHeader({ alg, kid })
    .sign(privateKey);
}

export async function keySetOf(...keys: readonly SigningKey[]): Promise<object> {
  return {
    keys: await Promise.all(
      keys.map(async ({ alg, kid, publicKey }) => ({
        ...(await exportJWK(publicKey)),
        alg,
        kid,
        use: 'sig',
      })),
    ),
  };
}
