import { describe, expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import {
  createSigningKey,
  keySetOf,
  signToken,
  type SigningKey,
} from '../../../test/support/auth/signing-key.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createKeySource } from './key-source.ts';
import { SignInRefusal } from './principal.ts';
import { verifyToken } from './verify-token.ts';

const minuteMs = 60_000;

async function setUp(...keys: readonly SigningKey[]) {
  const server = await openIdentityServer(...keys);
  const clock = createFakeClock();
  const findKey = createKeySource({ url: new URL(server.url), clock, logger: silentLogger });
  /** 'in', or why not. */
  async function signIn(key: SigningKey): Promise<unknown> {
    try {
      await verifyToken(await signToken(key), { findKey }, Date.now());
      return 'in';
    } catch (error) {
      if (!(error instanceof SignInRefusal)) throw error;
      const { code, retryAfterMs } = error;
      return { code, retryAfterMs };
    }
  }
  return { server, clock, signIn };
}

describe('[RELAY-57] the keys of the identity server', () => {
  it('are read once for ten minutes, also for sign-ins at the same time', async () => {
    const key = await createSigningKey('a');
    const { server, clock, signIn } = await setUp(key);
    expect(await Promise.all([signIn(key), signIn(key), signIn(key)])).toEqual(['in', 'in', 'in']);
    clock.advance(9 * minuteMs);
    expect(await signIn(key)).toBe('in');
    expect(server.reads).toBe(1);
    clock.advance(2 * minuteMs);
    expect(await signIn(key)).toBe('in');
    expect(server.reads).toBe(2);
  });

  it('are read again for an unknown key, at most once in 30 s, until which the client is asked to wait', async () => {
    const [old, rotated] = await Promise.all([createSigningKey('old'), createSigningKey('rotated')]);
    const { server, clock, signIn } = await setUp(old);
    expect(await signIn(old)).toBe('in');
    clock.advance(10_000);
    expect(await signIn(rotated)).toEqual({ code: 'unauthorized', retryAfterMs: 20_000 });
    expect(server.reads).toBe(1);
    await server.publish(old, rotated);
    clock.advance(20_000);
    expect(await signIn(rotated)).toBe('in');
    expect(await signIn(old)).toBe('in');
    expect(server.reads).toBe(2);
  });

  it('count for a day while the identity server is down', async () => {
    const key = await createSigningKey('a');
    const { server, clock, signIn } = await setUp(key);
    expect(await signIn(key)).toBe('in');
    server.answer((response) => void response.writeHead(503).end());
    clock.advance(23 * 60 * minuteMs);
    expect(await signIn(key)).toBe('in');
    clock.advance(2 * 60 * minuteMs);
    expect(await signIn(key)).toEqual({ code: 'unauthorized', retryAfterMs: 30_000 });
    server.answer();
    clock.advance(30_000);
    expect(await signIn(key)).toBe('in');
  });

  it.each([
    ['is down at the start', 503, () => ''],
    ['sends no JSON', 200, () => '<html>'],
    ['sends JSON of another kind', 200, () => '{"keys":{"0":{}}}'],
    ['sends too much', 200, (keys: string) => keys.padEnd(200_000)],
    ['redirects to another server', 302, () => ''],
  ])('are asked for again if the server %s', async (_, status, bodyOf) => {
    const key = await createSigningKey('a');
    const elsewhere = await openIdentityServer(key);
    const { server, clock, signIn } = await setUp(key);
    const body = bodyOf(JSON.stringify(await keySetOf(key)));
    server.answer((response) => void response.writeHead(status, { location: elsewhere.url }).end(body));
    expect(await signIn(key)).toEqual({ code: 'unauthorized', retryAfterMs: 30_000 });
    server.answer();
    clock.advance(30_000);
    expect(await signIn(key)).toBe('in');
  });

  it('of no use are no reason to let anyone in', async () => {
    const key = await createSigningKey('a');
    const { server, signIn } = await setUp(key);
    const shared = { kty: 'oct', k: 'c2VjcmV0', kid: 'a' };
    server.answer((response) => void response.end(JSON.stringify({ keys: [shared, 5, null] })));
    expect(await signIn(key)).toMatchObject({ code: 'unauthorized' });
  });
});
