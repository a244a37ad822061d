import type { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { openNotices } from '../../../test/support/relay/notice-client.ts';
import {
  accountOf,
  changesOf,
  pull,
  push,
  type StatelessAnswer,
} from '../../../test/support/relay/stateless-client.ts';
import {
  exchange,
  nonceOf,
  post,
  proofOf,
  audienceOf,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createWriter, type StatelessWriter } from '../../../test/support/relay/stateless-writer.ts';
import { openRelay, startRelay } from '../../../test/support/relay/test-relay.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { until } from '../../../test/support/until.ts';
import type { RelayAuthOptions } from '../index.ts';

type Door = 'open' | 'jwt' | 'account' | 'both';
const doors: Readonly<Record<Door, (jwksUrl: string) => RelayAuthOptions | undefined>> = {
  open: () => undefined,
  jwt: (jwksUrl) => ({ jwksUrl, audience: 'relay' }),
  account: () => ({ account: true }),
  both: (jwksUrl) => ({ jwksUrl, audience: 'relay', account: true }),
};

const refused = { open: 'ok', jwt: 'unauthorized', account: 'unauthorized', both: 'unauthorized' };
const blocked = { open: 'ok', jwt: 'unauthorized', account: 'forbidden', both: 'forbidden' };

/** What each client sends, and what each relay answers: `ok`, or a code. */
const cases: Readonly<Record<string, Readonly<Record<Door, string>>>> = {
  'without a token': refused,
  'with a token': { open: 'ok', jwt: 'ok', account: 'unauthorized', both: 'ok' },
  'with a token for another audience': refused,
  'with a token of another key': refused,
  'with an expired token': { open: 'ok', jwt: 'expired', account: 'unauthorized', both: 'expired' },
  'with a token that the relay gave an account': {
    open: 'ok',
    jwt: 'unauthorized',
    account: 'ok',
    both: 'ok',
  },
  'with a token that another relay gave it': refused,
  'with the token of a blocked account': blocked,
  'with a ticket': { open: 'ok', jwt: 'unauthorized', account: 'forbidden', both: 'forbidden' },
};
/** A ticket counts for pushes alone. */
const ticketForPush = { open: 'ok', jwt: 'unauthorized', account: 'ok', both: 'ok' };

const wordOf = ({ status, body }: StatelessAnswer) =>
  status === 200 ? 'ok' : (body.error as { readonly code: string }).code;

/** A client with its own group, which everyone may read. */
const surfaces: Readonly<
  Record<string, (url: string, token: string | undefined, writer: StatelessWriter) => Promise<string>>
> = {
  push: async (url, token, { node, group }) =>
    wordOf(await push(url, changesOf(node, group), token ? withToken(token) : {})),
  pull: async (url, token, { group }) => wordOf(await pull(url, [group], {}, token ? withToken(token) : {})),
  async notices(url, token, { group }) {
    const client = openNotices(url);
    client.send({ type: 'auth', clientId: 'c', collections: [group.id], ...(token && { token }) });
    await until(() => expect(client.messages).toHaveLength(1));
    const [message] = client.messages;
    return message?.type === 'auth-ok' ? 'ok' : String(message?.code);
  },
};

async function tokenOf(url: string, node: LocalNode, scope?: 'push'): Promise<string> {
  const nonce = await nonceOf(url);
  const { body } = scope
    ? await post(url, 'token', JSON.stringify({ ...proofOf(node, nonce, audienceOf(url)), scope }))
    : await exchange(url, node, nonce);
  return String(body.token);
}

async function setUp(door: Door) {
  const [key, stranger] = await Promise.all([createSigningKey('key'), createSigningKey('key')]);
  const identity = await openIdentityServer(key);
  const auth = doors[door](identity.url);
  const storage = `pglite:${await createStorage()}`;
  const writer = await createWriter();
  const outcast = await createWriter();
  const before = await openRelay({ storage });
  for (const { node, group } of [writer, outcast])
    expect((await push(before.url, changesOf(node, accountOf(node), group))).status).toBe(200);
  await before.close();
  const relay = await startRelay({ storage, ...(auth && { auth }) });
  const elsewhere = await startRelay({ storage: 'memory:', auth: { account: true } });
  // Where no account can prove itself, a client has what another relay gave it.
  const giver = auth?.account ? relay.url : elsewhere.url;
  const nowS = Math.floor(Date.now() / 1_000);
  const tokens: Readonly<Record<string, string | undefined>> = {
    'without a token': undefined,
    'with a token': await signToken(key, { aud: 'relay' }),
    'with a token for another audience': await signToken(key, { aud: 'app' }),
    'with a token of another key': await signToken(stranger, { aud: 'relay' }),
    'with an expired token': await signToken(key, { aud: 'relay', iat: nowS - 7_200, exp: nowS - 3_600 }),
    'with a token that the relay gave an account': await tokenOf(giver, writer.node),
    'with a token that another relay gave it': await tokenOf(elsewhere.url, writer.node),
    'with the token of a blocked account': await tokenOf(giver, outcast.node),
    'with a ticket': await tokenOf(giver, writer.node, 'push'),
  };
  if (auth) await relay.block(accountOf(outcast.node).id, 'Spam.');
  return { url: relay.url, tokens, writer };
}

it.each(Object.keys(doors) as Door[])(
  '[RELAY-69] [RELAY-76] [DELIV-5] a relay with the door "%s" takes pushes, pulls and watchers of those who may come in',
  async (door) => {
    const { url, tokens, writer } = await setUp(door);
    for (const [surface, ask] of Object.entries(surfaces)) {
      const seen = await Promise.all(
        Object.keys(cases).map(async (name) => [name, await ask(url, tokens[name], writer)]),
      );
      const expected = { ...cases, ...(surface === 'push' && { 'with a ticket': ticketForPush }) };
      expect([surface, seen]).toEqual([
        surface,
        Object.entries(expected).map(([name, answers]) => [name, answers[door]]),
      ]);
    }
  },
);
