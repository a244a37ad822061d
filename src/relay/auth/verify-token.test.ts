import { base64url, createLocalJWKSet, SignJWT, type JSONWebKeySet } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createSigningKey,
  keySetOf,
  signToken,
  type SigningKey,
} from '../../../test/support/auth/signing-key.ts';
import { SignInRefusal } from './principal.ts';
import { verifyToken, type TokenRules } from './verify-token.ts';

const hourMs = 3_600_000;
let key: SigningKey;
let elliptic: SigningKey;
let stranger: SigningKey;
let findKey: TokenRules['findKey'];
beforeAll(async () => {
  [key, elliptic, stranger] = await Promise.all([
    createSigningKey('first'),
    createSigningKey('second', 'ES256'),
    createSigningKey('first'),
  ]);
  findKey = createLocalJWKSet((await keySetOf(key, elliptic)) as JSONWebKeySet);
});

const nowS = Math.floor(Date.now() / 1_000);
const verify = (token: string, rules: Partial<TokenRules> = {}, nowMs = Date.now()) =>
  verifyToken(token, { findKey, ...rules }, nowMs);
const codeOf = async (token: string | Promise<string>, rules: Partial<TokenRules> = {}, nowMs?: number) => {
  const text = await token;
  const error: unknown = await verify(text, rules, nowMs).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return 'accepted';
  if (!(error instanceof SignInRefusal)) throw new Error('This is no refusal.', { cause: error });
  // No part of a token may reach a log or another client.
  for (const part of text.split('.').filter((one) => one.length > 8))
    expect(error.message).not.toContain(part);
  return error.code;
};

describe('[RELAY-56] a token', () => {
  it.each(['EdDSA', 'ES256'] as const)('that is signed with %s names its user and its end', async (alg) => {
    const token = await signToken(alg === 'EdDSA' ? key : elliptic, { iss: 'https://id.example.org' });
    expect(await verify(token)).toEqual({
      kind: 'token',
      id: '["https://id.example.org","user-1"]',
      sinceMs: expect.closeTo(nowS * 1_000, -4) as number,
      untilMs: expect.closeTo((nowS + 3_600) * 1_000, -4) as number,
    });
  });

  it('is the same user only for the same issuer and subject', async () => {
    const ids = await Promise.all(
      [{}, { iss: 'a' }, { iss: 'b' }, { sub: 'user-2' }].map(async (claims) => {
        const { id } = await verify(await signToken(key, claims));
        return id;
      }),
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('names a user whom an operator can block, or is refused', async () => {
    const withLength = (length: number) => signToken(key, { sub: 'u'.repeat(length - '["",""]'.length) });
    expect((await verify(await withLength(2_000))).id).toHaveLength(2_000);
    expect(await codeOf(withLength(2_001))).toBe('unauthorized');
  });

  it('counts from 30 s before its time until 30 s after its end, for the clocks may differ', async () => {
    const token = await signToken(key, { nbf: nowS, iat: nowS, exp: nowS + 60 });
    expect(await codeOf(token, {}, (nowS - 29) * 1_000)).toBe('accepted');
    expect(await codeOf(token, {}, (nowS - 31) * 1_000)).toBe('unauthorized');
    expect(await codeOf(token, {}, (nowS + 89) * 1_000)).toBe('accepted');
    expect(await codeOf(token, {}, (nowS + 91) * 1_000)).toBe('expired');
  });

  it.each(['iat', 'nbf'])('[CONN-19] whose %s is ahead of the clock may be tried again', async (claim) => {
    const token = await signToken(key, { [claim]: nowS + 40 });
    await expect(verify(token, {}, nowS * 1_000)).rejects.toMatchObject({ retryAfterMs: 30_000 });
  });

  it('ends 24 hours after it was issued, whatever its own end is', async () => {
    const token = await signToken(key, { exp: nowS + 90 * 86_400 });
    const { untilMs } = await verify(token);
    expect(untilMs).toBeLessThanOrEqual(Date.now() + 24 * hourMs);
    expect(await codeOf(token, {}, Date.now() + 25 * hourMs)).toBe('expired');
  });

  it.each([['exp'], ['iat'], ['sub']])('without the claim %s is refused', async (claim) => {
    expect(await codeOf(signToken(key, { [claim]: undefined }))).toBe('unauthorized');
  });

  it('for another audience, from another issuer or of no user is refused', async () => {
    const rules = { audience: 'relay', issuer: 'https://id.example.org' };
    const fitting = { aud: ['app', 'relay'], iss: rules.issuer };
    expect(await codeOf(signToken(key, fitting), rules)).toBe('accepted');
    expect(await codeOf(signToken(key, { ...fitting, aud: 'app' }), rules)).toBe('unauthorized');
    expect(await codeOf(signToken(key, { ...fitting, iss: 'https://id.example.org/' }), rules)).toBe(
      'unauthorized',
    );
    expect(await codeOf(signToken(key, { iss: rules.issuer }), rules)).toBe('unauthorized');
    expect(await codeOf(signToken(key, { sub: '' }))).toBe('unauthorized');
  });

  it('[RELAY-70] for an app counts there alone, and a token for no app counts at each', async () => {
    const ofNotes = await signToken(key, { app: 'notes' });
    expect(await codeOf(ofNotes, { appID: 'notes' })).toBe('accepted');
    expect(await codeOf(ofNotes, { appID: 'chess' })).toBe('forbidden');
    expect(await codeOf(ofNotes)).toBe('forbidden');
    expect(await codeOf(signToken(key, { app: ['notes'] }), { appID: 'notes' })).toBe('forbidden');
    expect(await codeOf(signToken(key), { appID: 'notes' })).toBe('accepted');
  });

  it('that is not signed with a key of the identity server is refused', async () => {
    const [header = '', payload = '', signature = ''] = (await signToken(key)).split('.');
    const none = base64url.encode(JSON.stringify({ alg: 'none' }));
    const shared = new SignJWT({ sub: 'user-1', iat: nowS, exp: nowS + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'first' })
      .sign(new TextEncoder().encode('a secret that everyone may know, of 32 bytes'));
    const other = base64url.encode(JSON.stringify({ sub: 'user-2', iat: nowS, exp: nowS + 60 }));
    for (const forged of [
      signToken(stranger),
      signToken({ ...stranger, kid: 'third' }),
      signToken({ ...elliptic, kid: 'first' }),
      shared,
      `${none}.${payload}.`,
      `${header}.${payload}.`,
      `${header}.${other}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    ])
      expect(await codeOf(forged)).toBe('unauthorized');
  });

  it('that is signed with a secret is refused, even if the identity server publishes that secret', async () => {
    const secret = 'a secret that the identity server publishes';
    const shared = { kty: 'oct', kid: 'shared', alg: 'HS256', k: base64url.encode(secret) };
    const token = await new SignJWT({ sub: 'user-1', iat: nowS, exp: nowS + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: 'shared' })
      .sign(new TextEncoder().encode(secret));
    expect(await codeOf(token, { findKey: createLocalJWKSet({ keys: [shared] }) })).toBe('unauthorized');
  });

  it.each([[''], ['.'], ['..'], ['a.b.c'], ['{}'], ['é.é.é'], ['x'.repeat(16_000)]])(
    'that is no token is refused (%#)',
    async (text) => {
      expect(await codeOf(text)).toBe('unauthorized');
    },
  );

  it('counts if one of several keys has signed it, as while keys are changed', async () => {
    const sameName = await keySetOf(stranger, key);
    const named = createLocalJWKSet(sameName as JSONWebKeySet);
    expect(await codeOf(signToken(key), { findKey: named })).toBe('accepted');
    const unnamed = await new SignJWT({ sub: 'user-1', iat: nowS, exp: nowS + 60 })
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(key.privateKey);
    expect(await codeOf(unnamed, { findKey: named })).toBe('accepted');
  });
});
