import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { openStream } from '../../../test/support/relay/http-client.ts';
import { accountIDOf, prove } from '../../../test/support/auth/prove.ts';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { surfaces, type Frame } from '../../../test/support/relay/surfaces.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { RelayAuthOptions } from '../index.ts';

const relays: Readonly<
  Record<'open' | 'jwt' | 'account' | 'both', (jwksUrl: string) => RelayAuthOptions | undefined>
> = {
  open: () => undefined,
  jwt: (jwksUrl) => ({ jwksUrl, audience: 'relay' }),
  account: () => ({ account: true }),
  both: (jwksUrl) => ({ jwksUrl, audience: 'relay', account: true }),
};

const refused = { open: 'echoed', jwt: 'unauthorized', account: 'unauthorized', both: 'unauthorized' };

/** What each client sends, and what each relay then answers: as whom it lets in, a refusal's code, or what an open relay does. */
const cases: readonly (readonly [client: string, answers: Record<keyof typeof relays, string>])[] = [
  ['that sends no sign-in', refused],
  ['with a token', { open: 'echoed', jwt: 'token', account: 'unauthorized', both: 'token' }],
  ['with a token for another audience', refused],
  ['with a token of another key', refused],
  ['with an expired token', { open: 'echoed', jwt: 'expired', account: 'unauthorized', both: 'expired' }],
  ['with an account proof', { open: 'echoed', jwt: 'unauthorized', account: 'account', both: 'account' }],
  ['with a proof for another relay', refused],
  ['with a proof for another connection', refused],
  ['with a proof that another key signed', refused],
  ['that looks up its passkey', { open: 'echoed', jwt: 'unauthorized', account: 'lookup', both: 'lookup' }],
  ['that looks up another agent', refused],
  ['that looks up by a proof of another key', refused],
  ['that looks up by a proof for another relay', refused],
  ['that looks up by a proof for another connection', refused],
  [
    'with a token of a blocked user',
    { open: 'echoed', jwt: 'forbidden', account: 'unauthorized', both: 'forbidden' },
  ],
  [
    'with a proof of a blocked account',
    { open: 'echoed', jwt: 'unauthorized', account: 'forbidden', both: 'forbidden' },
  ],
  [
    'that looks up the passkey of a blocked account',
    { open: 'echoed', jwt: 'unauthorized', account: 'forbidden', both: 'forbidden' },
  ],
  ['with the token of the admin API', refused],
  [
    'with a scope of a later version',
    { open: 'invalid', jwt: 'invalid', account: 'invalid', both: 'invalid' },
  ],
];

async function setUp() {
  const [key, stranger] = await Promise.all([createSigningKey('key'), createSigningKey('key')]);
  const identity = await openIdentityServer(key);
  const nowS = Math.floor(Date.now() / 1_000);
  const [secret, other, outcast] = [
    crypto.newRandomAgentSecret(),
    crypto.newRandomAgentSecret(),
    crypto.newRandomAgentSecret(),
  ];
  const lookup = { scope: 'lookup' } as const;

  async function authOf(
    name: string,
    client: Parameters<typeof prove>[1],
    adminToken: string,
  ): Promise<object | undefined> {
    const jwt = async (token: Promise<string>) => ({ maia: 'auth', method: 'jwt', token: await token });
    const account = (change: Parameters<typeof prove>[2]) => prove(secret, client, change);
    switch (name) {
      case 'with a token':
        return jwt(signToken(key, { aud: 'relay' }));
      case 'with a token for another audience':
        return jwt(signToken(key, { aud: 'app' }));
      case 'with a token of another key':
        return jwt(signToken(stranger, { aud: 'relay' }));
      case 'with an expired token':
        return jwt(signToken(key, { aud: 'relay', iat: nowS - 7_200, exp: nowS - 3_600 }));
      case 'with an account proof':
        return account({});
      case 'with a proof for another relay':
        return account({ audience: 'wss://relay.example.org/sync' });
      case 'with a proof for another connection':
        return account({ nonce: 'n'.repeat(43) });
      case 'with a proof that another key signed':
        return account({ signer: other });
      case 'that looks up its passkey':
        return account(lookup);
      case 'that looks up another agent':
        return account({ ...lookup, accountID: accountIDOf(other) });
      case 'that looks up by a proof of another key':
        return account({ ...lookup, signer: other });
      case 'that looks up by a proof for another relay':
        return account({ ...lookup, audience: 'wss://relay.example.org/sync' });
      case 'that looks up by a proof for another connection':
        return account({ ...lookup, nonce: 'n'.repeat(43) });
      case 'with a token of a blocked user':
        return jwt(signToken(key, { aud: 'relay', sub: 'outcast' }));
      case 'with a proof of a blocked account':
        return prove(outcast, client);
      case 'that looks up the passkey of a blocked account':
        return prove(outcast, client, lookup);
      case 'with the token of the admin API':
        return jwt(Promise.resolve(adminToken));
      case 'with a scope of a later version':
        return { ...account({}), scope: 'later' };
      default:
        return undefined;
    }
  }
  return { identity, authOf, blocked: [accountIDOf(outcast), '["","outcast"]'] };
}

const wordOf = ({ maia, code, principal }: Frame) => code ?? principal ?? maia;

describe.each(Object.keys(surfaces) as (keyof typeof surfaces)[])(
  '[RELAY-55] [RELAY-60] over %s',
  (surface) => {
    it.each(Object.keys(relays) as (keyof typeof relays)[])(
      'a relay with the door "%s" lets in who may come in',
      async (door) => {
        const { identity, authOf, blocked } = await setUp();
        const auth = relays[door](identity.url);
        const { relay, token, act } = await startAdministeredRelay(auth && { auth });
        for (const id of blocked) await act('block', { id, reason: 'Spam.' });
        const seen = await Promise.all(
          cases.map(async ([name]) => {
            const client = await surfaces[surface](relay.url);
            expect(client.received[0]?.auth === null).toBe(door === 'open');
            const frame = await authOf(name, { received: client.received, url: relay.url }, token);
            if (frame) await client.send(frame);
            // Who is not in gets no answer to it.
            if (!frame || door === 'open') await client.send({ maia: 'echo', t: 1 });
            await until(() => expect(client.received.length).toBeGreaterThan(1));
            return [name, wordOf(client.received[1] ?? {})];
          }),
        );
        expect(seen).toEqual(cases.map(([name, answers]) => [name, answers[door]]));
      },
    );
  },
);

it('[RELAY-70] a token with a claim `app`, and a proof, count for one app alone', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const auth = { jwksUrl, account: true };
  const relay = await startRelay({ storage: 'memory:', appIDs: ['a', 'b'], auth });
  const secret = crypto.newRandomAgentSecret();
  const token = async (app?: string) => ({
    ...{ maia: 'auth', method: 'jwt' },
    token: await signToken(key, app === undefined ? {} : { app }),
  });
  const audienceOf = (path: string) => ({ audience: `${relay.url.replace('http', 'ws')}${path}` });
  const proofFor = (path: string, received: readonly Frame[]) =>
    Promise.resolve(prove(secret, { url: relay.url, received }, audienceOf(path)));
  const signIns: Record<string, (received: readonly Frame[]) => Promise<object>> = {
    'a token': () => token(),
    'a token for a': () => token('a'),
    'a proof for a': (received) => proofFor('/sync/a', received),
    'a proof for no app': (received) => proofFor('/sync', received),
  };
  const answers: [string, string[]][] = [];
  for (const [name, signIn] of Object.entries(signIns)) {
    const at = ['/sync/a', '/sync/b', '/sync'].map(async (path) => {
      const client = await openRawClient(relay.url, path);
      client.send(await signIn(client.received));
      await until(() => expect(client.received.length).toBeGreaterThan(1));
      return wordOf(client.received[1] ?? {}) as string;
    });
    answers.push([name, await Promise.all(at)]);
  }
  expect(answers).toEqual([
    ['a token', ['token', 'token', 'token']],
    ['a token for a', ['token', 'forbidden', 'forbidden']],
    ['a proof for a', ['account', 'unauthorized', 'unauthorized']],
    ['a proof for no app', ['unauthorized', 'unauthorized', 'account']],
  ]);
});

it('[RELAY-56] a token in an address is refused, over WebSocket and HTTP', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const answers = [
    await fetch(`${relay.url}/sync?token=canary`, { headers: { accept: 'text/event-stream' } }),
    await fetch(`${relay.url}/sync?access_token=canary`, { method: 'POST', body: '' }),
    await fetch(`${relay.url}/sync/pull?ids=co_zabc&token=canary`),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('Send the token in an `auth` frame, or');
  }
  const upgrade = await new Promise((resolve) => {
    const socket = new WebSocket(`${relay.url}/sync?a=1&jwt=canary`);
    socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    socket.on('open', () => resolve('open'));
  });
  expect(upgrade).toBe(400);
  const stream = await openStream(relay.url);
  expect(stream.status).toBe(200);
  await stream.body?.cancel();
});
