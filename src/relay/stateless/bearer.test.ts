import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { accountOf, changesOf, pull, push } from '../../../test/support/relay/stateless-client.ts';
import {
  audienceOf,
  exchange,
  nonceOf,
  post,
  proofOf,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createClientNode, crypto } from '../../../test/support/relay/stock-client.ts';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import type { Logger } from '../../base/logger.ts';
import { createSignInMethods, readAuth } from '../auth/sign-in-methods.ts';
import { createBearerStore } from '../storage/bearer-store.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import { prepareSchema } from '../database/schema.ts';
import { checkBearer } from './bearer.ts';
import { createRelayTokens } from './relay-tokens.ts';
import { silentLogger } from '../../base/logger.ts';

describe('a relay whose clients sign in', () => {
  it('[RELAY-69] answers requests with a token of the identity server, and no others', async () => {
    const [key, stranger] = await Promise.all([createSigningKey('key'), createSigningKey('key')]);
    const { url: jwksUrl } = await openIdentityServer(key);
    const logged: unknown[] = [];
    const note = (...line: unknown[]) => void logged.push(line);
    const logger: Logger = { debug: note, warn: note };
    const relay = await startRelay({ storage: 'memory:', auth: { jwksUrl, audience: 'relay' }, logger });
    const node = await createClientNode();
    const map = createSharedMap(node);
    const changes = changesOf(node, accountOf(node), map.group, map);
    const nowS = Math.floor(Date.now() / 1_000);
    const right = await signToken(key, { aud: 'relay' });
    const cases: readonly (readonly [string, Record<string, string>])[] = [
      ['unauthorized', {}],
      ['unauthorized', { authorization: 'Basic abc' }],
      ['unauthorized', withToken('')],
      ['unauthorized', withToken('maia1.e30.abc')],
      ['unauthorized', withToken(await signToken(key, { aud: 'app' }))],
      ['unauthorized', withToken(await signToken(stranger, { aud: 'relay' }))],
      ['expired', withToken(await signToken(key, { aud: 'relay', iat: nowS - 7_200, exp: nowS - 3_600 }))],
    ];
    for (const [code, headers] of cases) {
      for (const answer of [
        await push(relay.url, changes, headers),
        await pull(relay.url, [map], {}, headers),
      ]) {
        expect(answer).toMatchObject({ status: 401, body: { error: { code } } });
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect((await push(relay.url, changes, withToken(right))).status).toBe(200);
    expect((await pull(relay.url, [map], {}, withToken(right))).status).toBe(200);
    // This relay takes no account proofs.
    expect((await post(relay.url, 'nonce')).status).toBe(404);
    expect(JSON.stringify(logged)).not.toContain(right);
  });

  it('[RELAY-69] gives an account a token for a proof', async () => {
    const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
    const [node, other] = [await createClientNode(), await createClientNode()];
    const { status, body } = await exchange(relay.url, node, await nonceOf(relay.url));
    expect([status, body.expiresInMs]).toEqual([200, 600_000]);
    const map = createSharedMap(node);
    const changes = changesOf(node, accountOf(node), map.group, map);
    expect((await push(relay.url, changes)).status).toBe(401);
    expect((await push(relay.url, changes, withToken(body.token))).status).toBe(200);
    expect((await push(relay.url, changes, withToken(`${String(body.token).slice(0, -2)}xx`))).status).toBe(
      401,
    );
    const nonce = await nonceOf(relay.url);
    const wrong = [
      await exchange(relay.url, node, 'n'.repeat(43)),
      await exchange(relay.url, node, nonce.replace(/^\d+/, '9999999999999')),
      await exchange(relay.url, node, nonce, 'wss://relay.example.org/sync'),
      await post(
        relay.url,
        'token',
        JSON.stringify({
          ...proofOf(node, nonce, audienceOf(relay.url)),
          signature: proofOf(other, nonce, audienceOf(relay.url)).signature,
        }),
      ),
    ];
    for (const answer of wrong)
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    for (const malformed of ['', '{}', '[]', '{"proof":1}'])
      expect((await post(relay.url, 'token', malformed)).status).toBe(400);
    expect((await post(relay.url, 'token', 'x'.repeat(20_001))).status).toBe(413);
  });

  it('[RELAY-69] keeps an address out that fails too often', async () => {
    const relay = await startRelay({
      ...{ storage: 'memory:', auth: { account: true }, limits: { failedSignInsPerMinute: 2 } },
    });
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++)
      statuses.push((await push(relay.url, [], withToken('maia1.e30.abc'))).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  it('[RELAY-69] takes a token of a relay from an address at which others fail', async () => {
    const relay = await startRelay({
      ...{ storage: 'memory:', auth: { account: true }, limits: { failedSignInsPerMinute: 2 } },
    });
    const node = await createClientNode();
    const { token } = (await exchange(relay.url, node, await nonceOf(relay.url))).body;
    for (const status of [401, 401, 429])
      expect((await push(relay.url, [], withToken('maia1.e30.abc'))).status).toBe(status);
    expect((await push(relay.url, [], withToken(token))).status).toBe(200);
    expect((await push(relay.url, [], withToken('jwt'))).status).toBe(429);
  });

  it('[RELAY-69] an open relay gives no tokens and needs none', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    expect((await post(relay.url, 'nonce')).status).toBe(404);
    expect((await post(relay.url, 'token')).status).toBe(404);
    expect((await push(relay.url, [], withToken('anything'))).status).toBe(200);
  });
});

describePostgres('relays of one storage', () => {
  it('[RELAY-69] take each other’s nonces, each once, and each other’s tokens', async () => {
    const storage = await createPostgres();
    const auth = { account: true };
    const relays = [await startRelay({ storage, auth }), await startRelay({ storage, auth })] as const;
    const other = await startRelay({ storage: await createPostgres(), auth });
    const node = await createClientNode();
    const nonce = await nonceOf(relays[0].url);
    expect((await exchange(other.url, node, nonce)).status).toBe(401);
    const answers = await Promise.all(
      [relays[0], relays[1], relays[0], relays[1]].map(({ url }) => exchange(url, node, nonce)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    const token = answers.find(({ status }) => status === 200)?.body.token;
    for (const { url } of relays) expect((await push(url, [], withToken(token))).status).toBe(200);
    expect((await push(other.url, [], withToken(token))).status).toBe(401);
  });
});

it('[RELAY-69] nonces end after a minute, tokens after ten, and both with the epoch', async () => {
  const database = await openMemoryDatabase({ template: await memoryTemplate() });
  onTestFinished(() => database.close());
  await prepareSchema(database);
  const clock = createFakeClock();
  let identity = { id: 'storage', epoch: 'one' };
  const tokens = createRelayTokens({ store: createBearerStore(database), identity: () => identity, clock });
  const rules = readAuth({ auth: { account: true } });
  if (!rules) throw new Error('These rules let anyone in.');
  const methodsOf = await createSignInMethods(rules, { crypto, clock, logger: silentLogger });
  const methods = methodsOf(undefined);
  const node = await createClientNode();
  const audience = 'ws://localhost/sync';
  const proof = (nonce: string) =>
    ({ maia: 'auth', method: 'account', ...proofOf(node, nonce, audience) }) as const;
  const take = (nonce: string) => tokens.exchange(proof(nonce), methods);
  const late = await tokens.createNonce();
  clock.advance(60_000 + 30_001);
  await expect(take(late.nonce)).rejects.toMatchObject({ code: 'unauthorized' });
  const { token } = await take((await tokens.createNonce()).nonce);
  expect(await tokens.verify(token)).toMatchObject({ kind: 'account', id: accountOf(node).id });
  const sender = await checkBearer({ headers: withToken(token) } as never, 'address', methods, 'push', {
    ...{ tokens, clock, restrictions: { blockOf: () => undefined } as never },
    signIns: { signInFailed() {}, signInRefusal: () => undefined },
  });
  sender.check();
  clock.advance(600_000 + 30_001);
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'expired' });
  expect(() => sender.check()).toThrow(expect.objectContaining({ code: 'expired', status: 401 }));
  const { nonce } = await tokens.createNonce();
  const young = await take((await tokens.createNonce()).nonce);
  identity = { id: 'storage', epoch: 'two' };
  await expect(take(nonce)).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(tokens.verify(young.token)).rejects.toMatchObject({ code: 'unauthorized' });
});
