import type { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { openNotices } from '../../../test/support/relay/notice-client.ts';
import {
  accountOf,
  answerOf,
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
const forAccount = { open: 'ok', jwt: 'unauthorized', account: 'ok', both: 'ok' };
const forbidden = { ...forAccount, account: 'forbidden', both: 'forbidden' };
const never = { open: 'unauthorized', jwt: 'unauthorized', account: 'unauthorized', both: 'unauthorized' };

/** What each client sends, and what each relay answers: `ok`, or a code. */
const cases: Readonly<Record<string, Readonly<Record<Door, string>>>> = {
  'without a token': refused,
  'with a token': { open: 'ok', jwt: 'ok', account: 'unauthorized', both: 'ok' },
  'with a token for another audience': refused,
  'with a token of another key': refused,
  'with an expired token': { open: 'ok', jwt: 'expired', account: 'unauthorized', both: 'expired' },
  'with a token of a key that the identity server does not have': refused,
  'with a token of a blocked user': {
    open: 'ok',
    jwt: 'forbidden',
    account: 'unauthorized',
    both: 'forbidden',
  },
  'with a token that the relay gave an account': forAccount,
  'with a token that another relay gave it': refused,
  'with the token of a blocked account': forbidden,
  'with what a lookup is given': refused,
  'with a ticket': forbidden,
  'with the token of the admin API': refused,
};
/** A ticket counts for pushes alone, and no user's token for the admin API. */
const exceptions: Readonly<Record<string, typeof cases>> = {
  push: { 'with a ticket': forAccount },
  admin: {
    ...Object.fromEntries(Object.keys(cases).map((name) => [name, never])),
    'with the token of the admin API': { open: 'ok', jwt: 'ok', account: 'ok', both: 'ok' },
  },
};

const wordOf = ({ status, body }: StatelessAnswer) =>
  status === 200 ? 'ok' : (body.error as { readonly code: string }).code;

interface Urls {
  readonly url: string;
  readonly adminUrl: string;
}

/** A client with its own group, which everyone may read. */
const surfaces: Readonly<
  Record<string, (relay: Urls, token: string | undefined, writer: StatelessWriter) => Promise<string>>
> = {
  push: async ({ url }, token, { node, group }) =>
    wordOf(await push(url, changesOf(node, group), token ? withToken(token) : {})),
  pull: async ({ url }, token, { group }) =>
    wordOf(await pull(url, [group], {}, token ? withToken(token) : {})),
  async notices({ url }, token, { group }) {
    const client = openNotices(url);
    client.send({ type: 'auth', clientId: 'c', collections: [group.id], ...(token && { token }) });
    await until(() => expect(client.messages).toHaveLength(1));
    const [message] = client.messages;
    return message?.type === 'auth-ok' ? 'ok' : String(message?.code);
  },
  admin: async ({ adminUrl }, token) =>
    wordOf(
      await answerOf(
        await fetch(`${adminUrl}/blocks`, { method: 'POST', headers: token ? withToken(token) : {} }),
      ),
    ),
};

async function tokenOf(url: string, node: LocalNode, scope?: 'push' | 'lookup'): Promise<string> {
  const nonce = await nonceOf(url);
  const { body } = scope
    ? await post(url, 'token', JSON.stringify({ ...proofOf(node, nonce, audienceOf(url)), scope }))
    : await exchange(url, node, nonce);
  return String(body.token);
}

async function setUp(door: Door) {
  const [key, stranger, unknown] = await Promise.all([
    createSigningKey('key'),
    createSigningKey('key'),
    createSigningKey('unknown'),
  ]);
  const identity = await openIdentityServer(key);
  const auth = doors[door](identity.url);
  const storage = `pglite:${await createStorage()}`;
  const writer = await createWriter();
  const outcast = await createWriter();
  const before = await openRelay({ storage });
  for (const { node, group } of [writer, outcast])
    expect((await push(before.url, changesOf(node, accountOf(node), group))).status).toBe(200);
  await before.close();
  const {
    relay,
    adminUrl,
    token: adminToken,
    act,
  } = await startAdministeredRelay({ storage, ...(auth && { auth }) });
  const elsewhere = await startRelay({ storage: 'memory:', auth: { account: true } });
  // Where no account can prove itself, a client has what another relay gave it.
  const giver = auth?.account ? relay.url : elsewhere.url;
  const nowS = Math.floor(Date.now() / 1_000);
  const tokens: Readonly<Record<string, string | undefined>> = {
    'without a token': undefined,
    'with a token': await signToken(key, { aud: 'relay' }),
    'with a token for another audience': await signToken(key, { aud: 'app' }),
    'with a token of another key': await signToken(stranger, { aud: 'relay' }),
    'with a token of a key that the identity server does not have': await signToken(unknown, {
      aud: 'relay',
    }),
    'with a token of a blocked user': await signToken(key, { aud: 'relay', sub: 'outcast' }),
    'with an expired token': await signToken(key, { aud: 'relay', iat: nowS - 7_200, exp: nowS - 3_600 }),
    'with a token that the relay gave an account': await tokenOf(giver, writer.node),
    'with a token that another relay gave it': await tokenOf(elsewhere.url, writer.node),
    'with the token of a blocked account': await tokenOf(giver, outcast.node),
    'with what a lookup is given': await tokenOf(giver, writer.node, 'lookup'),
    'with a ticket': await tokenOf(giver, writer.node, 'push'),
    'with the token of the admin API': adminToken,
  };
  for (const id of [accountOf(outcast.node).id, '["","outcast"]'])
    await act('block', { id, reason: 'Spam.' });
  return { urls: { url: relay.url, adminUrl }, tokens, writer };
}

it.each(Object.keys(doors) as Door[])(
  '[RELAY-69] [RELAY-76] [DELIV-5] a relay with the door "%s" takes pushes, pulls, watchers and acts of those who may come in',
  async (door) => {
    const { urls, tokens, writer } = await setUp(door);
    for (const [surface, ask] of Object.entries(surfaces)) {
      const seen = await Promise.all(
        Object.keys(cases).map(async (name) => [name, await ask(urls, tokens[name], writer)]),
      );
      const expected = { ...cases, ...exceptions[surface] };
      expect([surface, seen]).toEqual([
        surface,
        Object.entries(expected).map(([name, answers]) => [name, answers[door]]),
      ]);
    }
  },
);
