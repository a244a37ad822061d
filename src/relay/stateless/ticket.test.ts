import { expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { openNotices, watch } from '../../../test/support/relay/notice-client.ts';
import { accountOf, answerOf, placeOf, pull, push } from '../../../test/support/relay/stateless-client.ts';
import {
  audienceOf,
  exchange,
  nonceOf,
  post,
  proofOf,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createWriter, type StatelessWriter } from '../../../test/support/relay/stateless-writer.ts';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { memoryTemplate } from '../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';
import { silentLogger } from '../../base/logger.ts';
import { createSignInMethods, readAuth } from '../auth/sign-in-methods.ts';
import { openMemoryDatabase } from '../database/pglite-database.ts';
import { prepareSchema } from '../database/schema.ts';
import { createBearerStore } from '../storage/bearer-store.ts';
import { createRelayTokens } from './relay-tokens.ts';

const dayMs = 24 * 60 * 60_000;

const proveForTicket = async (url: string, { node }: StatelessWriter) =>
  post(
    url,
    'token',
    JSON.stringify({ ...proofOf(node, await nonceOf(url), audienceOf(url)), scope: 'push' }),
  );

const ticketByToken = async (url: string, token: string, body: object) =>
  answerOf(
    await fetch(`${placeOf(url)}/token`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: withToken(token),
    }),
  );

it('[DELIV-5] an account gets a ticket for pushes of its own, and for nothing else', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const [writer, other] = [await createWriter(), await createWriter()];
  const { token } = (await exchange(relay.url, writer.node, await nonceOf(relay.url))).body;
  expect((await push(relay.url, writer.all(), withToken(token))).status).toBe(200);
  expect((await push(relay.url, other.all(), withToken(token))).status).toBe(200);

  const { status, body } = await proveForTicket(relay.url, writer);
  expect([status, body.expiresInMs]).toEqual([200, dayMs]);
  const ticket = withToken(body.token);
  expect((await push(relay.url, writer.edit('one'), ticket)).status).toBe(200);

  const forbidden = { status: 403, body: { error: { code: 'forbidden' } } };
  expect(await pull(relay.url, [writer.map], {}, ticket)).toMatchObject(forbidden);
  const { id: collection } = accountOf(writer.node);
  expect((await pull(relay.url, [], { collection }, withToken(token))).status).toBe(200);
  expect(await pull(relay.url, [], { collection }, ticket)).toMatchObject(forbidden);
  expect(
    (
      await ticketByToken(relay.url, String(body.token), {
        scope: 'push',
        accountID: accountOf(writer.node).id,
      })
    ).status,
  ).toBe(404);
  const [edit] = writer.edit('two');
  for (const changes of [other.edit('one'), [edit, ...other.edit('two')], [{ ...edit, new: {} }]])
    expect(await push(relay.url, changes, ticket)).toMatchObject({
      ...forbidden,
      body: { ids: [(changes.at(-1) as { id: string }).id] },
    });
  const text = String(body.token);
  for (const wrong of [
    `${text.slice(0, -2)}xx`,
    text.replace('maia1-push.', 'maia1.'),
    `maia1-push.${String(token).slice(6)}`,
  ])
    expect((await push(relay.url, [edit], withToken(wrong))).status).toBe(401);
  expect(
    (
      await post(
        relay.url,
        'token',
        JSON.stringify({
          scope: 'pull',
          ...proofOf(writer.node, await nonceOf(relay.url), audienceOf(relay.url)),
        }),
      )
    ).status,
  ).toBe(400);
});

it('[DELIV-5] the user of a token gets a ticket for the account that they name', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const relay = await startRelay({ storage: 'memory:', auth: { jwksUrl } });
  const [writer, other] = [await createWriter(), await createWriter()];
  const token = await signToken(key);
  for (const { all } of [writer, other])
    expect((await push(relay.url, all(), withToken(token))).status).toBe(200);
  const wanted = { scope: 'push', accountID: accountOf(writer.node).id };
  const { status, body } = await ticketByToken(relay.url, token, wanted);
  expect([status, body.expiresInMs]).toEqual([200, dayMs]);
  expect((await push(relay.url, writer.edit('one'), withToken(body.token))).status).toBe(200);
  expect((await push(relay.url, other.edit('one'), withToken(body.token))).status).toBe(403);
  for (const wrong of ['maia1.e30.abc', String(body.token), await signToken(key, { exp: 1 })])
    expect((await ticketByToken(relay.url, wrong, wanted)).status).toBe(401);
  for (const malformed of [
    { scope: 'push' },
    { accountID: wanted.accountID },
    { ...wanted, accountID: 'co_1' },
  ])
    expect((await ticketByToken(relay.url, token, malformed)).status).toBe(400);
  expect(
    (await post(relay.url, 'token', JSON.stringify(proofOf(writer.node, 'nonce', 'audience')))).status,
  ).toBe(404);
});

it('[DELIV-5] a ticket brings no notices', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const writer = await createWriter();
  const token = (await exchange(relay.url, writer.node, await nonceOf(relay.url))).body.token as string;
  expect((await push(relay.url, writer.all(), withToken(token))).status).toBe(200);
  await watch(relay.url, [accountOf(writer.node)], { token });
  const ticket = (await proveForTicket(relay.url, writer)).body.token as string;
  const wrong = `${ticket.slice(0, -2)}xx`;
  const refusals = [
    [ticket, 4403, 'forbidden'],
    [wrong, 4401, 'unauthorized'],
  ] as const;
  for (const [text, closeCode, code] of refusals) {
    const client = openNotices(relay.url);
    client.send({ type: 'auth', token: text, clientId: 'me', collections: [accountOf(writer.node).id] });
    expect(await client.closed).toBe(closeCode);
    expect(client.messages).toEqual([expect.objectContaining({ type: 'error', code })]);
  }
});

it('[DELIV-5] `authorize` decides about a push by a ticket as about one of its user', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const asked: unknown[] = [];
  const relay = await startRelay({
    ...{ storage: 'memory:', auth: { jwksUrl, account: true } },
    authorize: ({ accountID: asker, claims }) => {
      const { team } = (claims ?? {}) as { readonly team?: unknown };
      asked.push([asker, team]);
      return asker !== undefined || team === 7;
    },
  });
  const writer = await createWriter();
  const { id: accountID } = accountOf(writer.node);
  const all = await push(relay.url, writer.all(), withToken(await signToken(key, { team: 7 })));
  expect(all.status).toBe(200);
  const edit = writer.edit('one');
  const statusWith = async (claims: { readonly team: number }) => {
    const token = await signToken(key, claims);
    const { body } = await ticketByToken(relay.url, token, { scope: 'push', accountID });
    asked.length = 0;
    return (await push(relay.url, edit, withToken(body.token))).status;
  };
  expect(await statusWith({ team: 8 })).toBe(403);
  expect(asked).toContainEqual([undefined, 8]);
  expect(await statusWith({ team: 7 })).toBe(200);
  const { token } = (await proveForTicket(relay.url, writer)).body;
  asked.length = 0;
  expect((await push(relay.url, writer.edit('two'), withToken(token))).status).toBe(200);
  expect(asked).toContainEqual([accountID, undefined]);
});

it('[DELIV-5] a ticket of a blocked account or user counts no more', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const { relay, act } = await startAdministeredRelay({ auth: { jwksUrl, account: true } });
  const writer = await createWriter();
  const { id } = accountOf(writer.node);
  const token = await signToken(key);
  expect((await push(relay.url, writer.all(), withToken(token))).status).toBe(200);
  const tickets = [
    [id, (await proveForTicket(relay.url, writer)).body.token],
    ['["","user-1"]', (await ticketByToken(relay.url, token, { scope: 'push', accountID: id })).body.token],
  ] as const;
  for (const [blocked, ticket] of tickets) {
    expect((await push(relay.url, [], withToken(ticket))).status).toBe(200);
    await act('block', { id: blocked, reason: 'Spam' });
    const refused = await push(relay.url, [], withToken(ticket));
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
    await act('unblock', { id: blocked });
  }
});

describePostgres('relays of one storage', () => {
  it('[DELIV-5] take each other’s tickets, each in its namespace', async () => {
    const storage = await createPostgres();
    const options = { storage, auth: { account: true }, appIDs: ['one', 'two'] };
    const relays = [await startRelay(options), await startRelay(options)] as const;
    const writer = await createWriter();
    const [first, second] = relays.map(({ url }) => `${url}/sync/one`);
    const { body } = await proveForTicket(first ?? '', writer);
    const ticket = withToken(body.token);
    for (const url of [first, second]) expect((await push(url ?? '', [], ticket)).status).toBe(200);
    expect((await push(`${relays[0].url}/sync/two`, [], ticket)).status).toBe(401);
  });
});

it('[DELIV-5] a ticket ends after a day, and with the epoch', async () => {
  const database = await openMemoryDatabase({ template: await memoryTemplate() });
  onTestFinished(() => database.close());
  await prepareSchema(database);
  const clock = createFakeClock();
  let identity = { id: 'storage', epoch: 'one' };
  const tokens = createRelayTokens({ store: createBearerStore(database), identity: () => identity, clock });
  const rules = readAuth({ auth: { account: true } });
  if (!rules) throw new Error('These rules let anyone in.');
  const methods = (await createSignInMethods(rules, { crypto, clock, logger: silentLogger }))(undefined);
  const { node } = await createWriter();
  const { nonce } = await tokens.createNonce();
  const proof = { maia: 'auth', method: 'account', ...proofOf(node, nonce, 'ws://localhost/sync') } as const;
  const { token } = await tokens.exchangeForTicket(proof, methods);
  await expect(tokens.exchange(proof, methods)).rejects.toMatchObject({ code: 'unauthorized' });
  clock.advance(dayMs);
  expect(await tokens.verifyTicket(token)).toMatchObject({ accountID: accountOf(node).id });
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
  identity = { id: 'storage', epoch: 'two' };
  await expect(tokens.verifyTicket(token)).rejects.toMatchObject({ code: 'unauthorized' });
  identity = { id: 'storage', epoch: 'one' };
  clock.advance(30_001);
  await expect(tokens.verifyTicket(token)).rejects.toMatchObject({ code: 'expired' });
});
