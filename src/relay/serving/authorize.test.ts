import { LocalNode } from 'cojson';
import { expect, it } from 'vitest';
import { openDevice } from '../../../test/support/auth/asked-devices.ts';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { accountIDOf, prove } from '../../../test/support/auth/prove.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { openRawClient, type RawClient } from '../../../test/support/relay/raw-client.ts';
import { crypto } from '../../../test/support/relay/stock-client.ts';
import { createSharedMap, readHealth, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { RelayOptions } from '../index.ts';

type Asked = Parameters<NonNullable<RelayOptions['authorize']>>[0];

const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const notFound = (id: string) => ({ action: 'known', id, header: false, sessions: {} });
const id = 'co_z2222222222222222222222222222222';

it('[RELAY-80] is asked with what a client has proved, and with no more', async () => {
  const key = await createSigningKey('key');
  const { url: jwksUrl } = await openIdentityServer(key);
  const asked: Asked[] = [];
  const authorize = (request: Asked) => asked.push(request) < 0;
  const open = await startRelay({ storage: 'memory:', appIDs: ['notes'], authorize });
  const closed = await startRelay({ storage: 'memory:', auth: { jwksUrl, account: true }, authorize });
  async function ask(client: RawClient) {
    asked.length = 0;
    client.send(load(id));
    await client.waitFor(notFound(id));
    return asked;
  }

  // A stranger may claim anything.
  const stranger = await openRawClient(open.url, '/sync/notes');
  stranger.send({ maia: 'hi', v: 1, kernel: '1.0.0', accountID: 'co_zAlice' });
  expect(await ask(stranger)).toEqual([{ id, action: 'load', appID: 'notes' }]);
  expect(await ask(await openRawClient(open.url))).toEqual([{ id, action: 'load' }]);

  const secret = crypto.newRandomAgentSecret();
  const account = await openRawClient(closed.url);
  account.send(prove(secret, { url: closed.url, received: account.received }));
  expect(await ask(account)).toEqual([{ accountID: accountIDOf(secret), id, action: 'load' }]);

  const user = await openRawClient(closed.url);
  user.send({ maia: 'auth', method: 'jwt', token: await signToken(key, { sub: 'user', team: 7 }) });
  const [ofUser, ...others] = await ask(user);
  expect(ofUser).toEqual({
    claims: expect.objectContaining({ sub: 'user', team: 7 }) as object,
    id,
    action: 'load',
  });
  expect(others).toEqual([]);
});

it('[RELAY-80] is not asked about what a new device looks up', async () => {
  const asked: Asked[] = [];
  let isAllowed = true;
  const relay = await startRelay({
    ...{ storage: 'memory:', auth: { account: true } },
    authorize: (request) => asked.push(request) > 0 && isAllowed,
  });
  const secret = crypto.newRandomAgentSecret();
  const agent = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const group = agent.createGroup();
  const someone = await openRawClient(relay.url);
  someone.send(prove(crypto.newRandomAgentSecret(), { url: relay.url, received: someone.received }));
  for (const piece of group.core.newContentSince() ?? []) someone.send(piece);
  await someone.waitFor({ action: 'known', id: group.id, header: true });
  isAllowed = false;
  asked.length = 0;
  const device = await openRawClient(relay.url);
  device.send(prove(secret, { url: relay.url, received: device.received }, { scope: 'lookup' }));
  device.send(load(group.id));
  await device.waitFor({ action: 'content', id: group.id });
  expect(asked).toEqual([]);
});

it('[RELAY-83] a device shows which edits are refused, keeps them, sends all others, and sends them once they are allowed', async () => {
  const refused = new Set<string>();
  const relay = await startRelay({
    storage: 'memory:',
    authorize: async ({ id: asked, action }) => Promise.resolve(action === 'load' || !refused.has(asked)),
  });
  const { node, sync } = await openDevice(relay.url);
  const map = createSharedMap(node);
  refused.add(map.id);
  await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_REFUSED' }));
  const other = map.group.createMap({ word: 'other' });
  other.set('word', 'later', 'trusting');
  await sync.whenConfirmed(other);
  expect(sync.current.confirmed).toMatchObject({
    pending: 1,
    error: { details: { id: map.id, refusal: 'forbidden' } },
  });
  expect(sync.current.peers[0]?.phase).toBe('connected');
  expect(map.get('word')).toBe('first');
  refused.clear();
  // The relay asks again within one and a half minutes.
  sync.pause();
  sync.resume();
  await sync.whenConfirmed();
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  expect(text).toMatch(/maia_relay_authorize_total\{outcome="no"\} [1-9]/);
  expect((await readHealth(relay)).code).toBe(200);
});

it('[RELAY-80] is checked at the start', async () => {
  const authorize = true as unknown as NonNullable<RelayOptions['authorize']>;
  await expect(startRelay({ storage: 'memory:', authorize })).rejects.toMatchObject({
    code: 'RELAY_SETTING_INVALID',
  });
});
