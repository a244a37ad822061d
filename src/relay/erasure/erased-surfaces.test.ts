import type { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import {
  askForSelf,
  erasureNonceOf,
  erasureProofOf,
  exportOf,
  sendProof,
} from '../../../test/support/relay/erasure-requests.ts';
import { openNotices, watch } from '../../../test/support/relay/notice-client.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { accountOf, changesOf, pull, push } from '../../../test/support/relay/stateless-client.ts';
import { audienceOf, exchange, nonceOf, withToken } from '../../../test/support/relay/stateless-sign-in.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { createSharedMap, startRelay } from '../../../test/support/relay/test-relay.ts';
import type { Database } from '../database/database.ts';

const idOf = (node: LocalNode) => node.expectCurrentAccountID('test');

it('[RELAY-90] what was erased is in no collection, and has no notices', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const { url } = await startRelay({ storage: 'memory:', auth: { jwksUrl } });
  const node = await createClientNode();
  const group = node.createGroup();
  const map = group.createMap({ word: 'mine' });
  const token = await signToken(key, { collections: [group.id] });
  await push(url, changesOf(node, accountOf(node), group, map), withToken(token));
  const collection = { collection: group.id };
  expect((await pull(url, [], collection, withToken(token))).status).toBe(200);
  await watch(url, [group], { token });
  const proof = { nonce: await erasureNonceOf(url), audience: audienceOf(url), purpose: 'erase' } as const;
  expect((await sendProof(url, 'erase', erasureProofOf(node, proof), withToken(token))).status).toBe(200);
  expect(await pull(url, [], collection, withToken(token))).toMatchObject({
    status: 403,
    body: { error: { code: 'forbidden' }, ids: [group.id] },
  });
  const late = openNotices(url);
  late.send({ type: 'auth', token, clientId: 'late', collections: [group.id] });
  expect(await late.closed).toBe(4403);
});

it('[RELAY-90] a person whose account was erased gets no notices any more', async () => {
  const { url } = await startRelay({ storage: 'memory:', auth: { account: true } });
  const node = await createClientNode();
  const group = node.createGroup();
  const { token } = (await exchange(url, node, await nonceOf(url))).body;
  await push(url, changesOf(node, accountOf(node), group), withToken(token));
  const client = await watch(url, [group], { token });
  expect((await askForSelf(url, node, 'erase')).status).toBe(200);
  expect(await client.closed).toBe(4403);
});

it('[RELAY-90] an erasure disconnects no client that follows what is left of an earlier one', async () => {
  const { url } = await startRelay({ storage: 'memory:' });
  const [alice, zed] = [await createClientNode(), await createClientNode()];
  const group = zed.createGroup();
  await push(url, [...changesOf(alice, accountOf(alice)), ...changesOf(zed, accountOf(zed), group)]);
  const map = createSharedMap(alice);
  await push(url, changesOf(alice, map.group, map));
  expect((await askForSelf(url, alice, 'erase')).status).toBe(200);
  const raw = await openRawClient(url);
  for (const id of [idOf(alice), map.id]) {
    raw.send({ action: 'load', id, header: false, sessions: {} });
    await raw.waitFor({ action: 'content', id });
  }
  expect((await askForSelf(url, zed, 'erase')).status).toBe(200);
  raw.send({ action: 'load', id: group.id, header: false, sessions: {} });
  await raw.waitFor({ action: 'known', id: group.id, header: false });
  expect(JSON.stringify(raw.received)).not.toContain('refused');
});

it('[RELAY-90] what the account has used of its quota is deleted, also what it has not been charged yet', async () => {
  let database: Database | undefined;
  const options = { auth: { account: true }, quota: { bytes: 1_000_000 } };
  const { relay, act } = await startAdministeredRelay(options, (opened) => (database = opened));
  const { url } = relay;
  const query: Database['query'] = (...asked) => database?.query(...asked) ?? Promise.resolve([]);
  const [node, other] = [await createClientNode(), await createClientNode()];
  for (const one of [node, other]) {
    const { token } = (await exchange(url, one, await nonceOf(url))).body;
    await push(url, changesOf(one, accountOf(one)), withToken(token));
  }
  await query(`insert into deletions (covalue_id, erased, payer) values ('co_zDeleted', true, $1)`, [
    idOf(node),
  ]);
  expect((await askForSelf(url, node, 'erase')).status).toBe(200);
  // That writes what was counted.
  await act('quotas');
  expect(await query(`select principal from usage`)).toEqual([{ principal: idOf(other) }]);
  expect(await query(`select payer from deletions`)).toEqual([{ payer: null }]);
});

it('[RELAY-62] an export leaves out what an operator has taken down, and an erasure takes it', async () => {
  let database: Database | undefined;
  const { relay, act } = await startAdministeredRelay({}, (opened) => (database = opened));
  const node = await createClientNode();
  const group = node.createGroup();
  const [map, hidden] = [group.createMap({ word: 'mine' }), group.createMap({ word: 'hidden' })];
  await push(relay.url, changesOf(node, accountOf(node), group, map, hidden));
  await act('take-down', { id: hidden.id, reason: 'Court order 7' });
  await act('block', { id: idOf(node), reason: 'Spam' });
  const exported = await exportOf(relay.url, node);
  expect(exported).toContain(map.id);
  expect(exported).not.toContain(hidden.id);
  expect((await askForSelf(relay.url, node, 'preview')).body).toMatchObject({ coValues: 4 });
  expect((await askForSelf(relay.url, node, 'erase')).body).toMatchObject({
    certificate: { erased: { coValues: 4 } },
  });
  expect(await database?.query(`select from transactions where covalue_id = $1`, [hidden.id])).toEqual([]);
});

it.each(['an account', 'a user of a token'])('[RELAY-90] %s that is blocked may erase', async (kind) => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const isAccount = kind === 'an account';
  const { relay, act } = await startAdministeredRelay({ auth: isAccount ? { account: true } : { jwksUrl } });
  const { url } = relay;
  const node = await createClientNode();
  const jwt = await signToken(key);
  const token = isAccount ? (await exchange(url, node, await nonceOf(url))).body.token : jwt;
  const all = changesOf(node, accountOf(node), node.createGroup());
  expect((await push(url, all, withToken(token))).status).toBe(200);
  const id = isAccount ? idOf(node) : '["","user-1"]';
  await act('block', { id, reason: 'Spam' });
  expect((await push(url, all, withToken(token))).status).toBe(403);
  const proof = { nonce: await erasureNonceOf(url), audience: audienceOf(url), purpose: 'erase' } as const;
  expect(await sendProof(url, 'erase', erasureProofOf(node, proof), withToken(jwt))).toMatchObject({
    status: 200,
    body: { certificate: { erased: { coValues: 2 } } },
  });
});
