import { describe, expect, it } from 'vitest';
import type { LocalNode, RawAccount } from 'cojson';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { openNotices, watch, type NoticeClient } from '../../../test/support/relay/notice-client.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  push,
  pushBody,
  take,
} from '../../../test/support/relay/stateless-client.ts';
import { exchange, nonceOf, withToken } from '../../../test/support/relay/stateless-sign-in.ts';
import { createWriter } from '../../../test/support/relay/stateless-writer.ts';
import { createClientNode, createStockClient } from '../../../test/support/relay/stock-client.ts';
import { confirmed, startRelay } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';
import type { Content } from '../../engine/content.ts';

async function pushAs(url: string, clientId: string, changes: readonly unknown[]) {
  const body = JSON.stringify({ clientId, since: null, collections: [], changes });
  expect((await pushBody(url, body)).status).toBe(200);
}

const noticed = (client: NoticeClient, count: number) =>
  until(() => expect(client.notices()).toHaveLength(count));

describe('notices', () => {
  it('[RELAY-74] name the collections that have changed, whoever changed them, and no others', async () => {
    const { url } = await startRelay({ storage: 'memory:' });
    const [mine, other] = [await createWriter(), await createWriter()];
    await push(url, [...mine.all(), ...other.all()]);
    const [both, one] = [await watch(url, [mine.group, other.group]), await watch(url, [other.group])];
    await pushAs(url, 'another', mine.edit('second'));
    await noticed(both, 1);
    expect(both.notices()).toEqual([[mine.group.id]]);
    const next = other.group.createMap({ word: 'next' });
    await pushAs(url, 'another', changesOf(other.node, next));
    await noticed(both, 2);
    await noticed(one, 1);
    expect(one.notices()).toEqual([[other.group.id]]);
    const alice = await createStockClient(url);
    take(alice, mine.all());
    const loaded = await alice.load(mine.map.id);
    if (loaded === 'unavailable') throw new Error('The map is unavailable.');
    loaded.set('word', 'by WebSocket');
    await confirmed(alice, loaded);
    await noticed(both, 3);
    expect(both.notices().at(-1)).toEqual([mine.group.id]);
    // A group is in its own collection.
    await pushAs(
      url,
      'another',
      changesBy(other.node, other.group, () => other.group.addMember('everyone', 'reader')),
    );
    await noticed(one, 2);
    expect(one.messages.map(({ type }) => type)).toEqual(['auth-ok', 'sync-available', 'sync-available']);
  });

  it('[RELAY-75] leave out the pushes of the same client and user alone', async () => {
    const { url } = await startRelay({ storage: 'memory:' });
    const writer = await createWriter();
    await push(url, writer.all());
    const me = await watch(url, [writer.group], { clientId: 'me' });
    const you = await watch(url, [writer.group], { clientId: 'you' });
    await pushAs(url, 'me', writer.edit('mine'));
    await noticed(you, 1);
    await pushAs(url, 'me', writer.edit('mine again'));
    await noticed(you, 2);
    await pushAs(url, 'you', writer.edit('yours'));
    await noticed(me, 1);
    expect(you.notices()).toHaveLength(2);
    // A push without a name is everyone else's.
    await pushBody(url, JSON.stringify({ changes: writer.edit('no name') }));
    await noticed(you, 3);
    await noticed(me, 2);
  });

  it('[RELAY-74] name a collection once, however much of it has changed', async () => {
    const { url } = await startRelay({ storage: 'memory:' });
    const writer = await createWriter();
    await push(url, writer.all());
    const client = await watch(url, [writer.group]);
    const many = Array.from({ length: 300 }, (_, index) => writer.group.createMap({ index }));
    const edits = changesBy(writer.node, writer.map, () => {
      for (let index = 0; index < 2_000; index++) writer.map.set('word', index);
    });
    await pushAs(url, 'another', [...changesOf(writer.node, ...many), ...edits]);
    await noticed(client, 1);
    await pushAs(url, 'another', writer.edit('after it'));
    await noticed(client, 2);
    expect(client.notices()).toEqual([[writer.group.id], [writer.group.id]]);
  });

  it('[RELAY-74] answer a ping, and a socket that is none is closed', async () => {
    const { url } = await startRelay({ storage: 'memory:', limits: { authMs: 300 } });
    const { group, all } = await createWriter();
    await push(url, all());
    const client = await watch(url, [group]);
    client.send({ type: 'ping' });
    await client.received('pong');
    const silent = openNotices(url);
    expect(await silent.closed).toBe(4401);
    expect(silent.messages).toMatchObject([{ type: 'error', code: 'unauthorized' }]);
    const auth = { type: 'auth', clientId: 'x', collections: [group.id] };
    for (const wrong of [
      'no JSON',
      '[]',
      {},
      { type: 'sync' },
      { ...auth, clientId: undefined },
      { ...auth, clientId: 'x'.repeat(129) },
      { ...auth, collections: [] },
      { ...auth, collections: ['nobody'] },
      { ...auth, collections: group.id },
      { ...auth, collections: Array.from({ length: 101 }, () => group.id) },
      { ...auth, token: 7 },
    ]) {
      const odd = openNotices(url);
      odd.send(wrong);
      expect([wrong, await odd.closed]).toEqual([wrong, 4400]);
      expect(JSON.stringify(odd.messages)).not.toContain('nobody');
    }
    const long = openNotices(url);
    long.send({ ...auth, more: 'x'.repeat(20_000) });
    expect(await long.closed).toBe(1009);
    const binary = openNotices(url);
    binary.socket.on('open', () => binary.socket.send(Buffer.from('x')));
    expect(await binary.closed).toBe(4400);
  });

  it('[RELAY-74] a flood of messages is refused, and of connections', async () => {
    const { url } = await startRelay({ storage: 'memory:', limits: { connectionsPerAddress: 2 } });
    const { group, all } = await createWriter();
    await push(url, all());
    const client = await watch(url, [group]);
    for (let count = 0; count < 200; count++) client.send({ type: 'ping' });
    expect(await client.closed).toBe(4429);
    const rest = [await watch(url, [group]), await watch(url, [group])];
    const third = openNotices(url);
    expect(await third.closed).toBe(4429);
    expect(third.messages).toMatchObject([{ type: 'error', code: 'limit' }]);
    rest[0]?.socket.close();
    await until(async () => {
      const { connections } = (await (await fetch(`${url}/health`)).json()) as { connections: number };
      expect(connections).toBe(1);
    });
  });

  it('[RELAY-74] only for pages that may connect, and never with a token in the address', async () => {
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    const { url } = await startRelay({
      storage: 'memory:',
      origins: ['https://app.example.org'],
      logger: { debug: log, warn: log, info: log, error: log } as never,
    });
    const refusedWith = (address: string, headers = {}) =>
      new Promise<number>((resolve) => {
        const client = openNotices(address, headers);
        client.socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
        void client.closed.then(() => resolve(0));
      });
    expect(await refusedWith(url, { origin: 'https://evil.example.org' })).toBe(403);
    const secret = 'eyJhbGciOiJub25l';
    const { port } = new URL(url);
    const response = await new Promise<number>((resolve) => {
      const request = fetch(`http://127.0.0.1:${port}/ws?token=${secret}`);
      void request.then(({ status }) => resolve(status));
    });
    expect(response).toBe(400);
    const { WebSocket } = await import('ws');
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?token=${secret}`);
      socket.on('error', () => {});
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    });
    expect(status).toBe(400);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect((await fetch(`${url}/ws`)).status).toBe(404);
    expect((await fetch(`${url}/ws`, { method: 'POST', body: '{}' })).status).toBe(404);
    const page = openNotices(url, { origin: 'https://app.example.org' });
    page.send({ type: 'ping' });
    await page.received('pong');
  });

  it('[RELAY-74] end with the relay, with a time to come back', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const { group, all } = await createWriter();
    await push(relay.url, all());
    const client = await watch(relay.url, [group]);
    const closing = relay.close();
    expect(await client.closed).toBe(1012);
    expect(client.messages.at(-1)).toMatchObject({ type: 'error', code: 'draining' });
    expect(client.messages.at(-1)?.retryAfterMs).toBeGreaterThan(0);
    await closing;
  });
});

async function tokenOf(url: string, node: LocalNode) {
  const { body } = await exchange(url, node, await nonceOf(url));
  return String(body.token);
}

describe('who gets notices', () => {
  it('[RELAY-76] only those who may list the collection, by their role', async () => {
    const { url } = await startRelay({ storage: 'memory:', auth: { account: true } });
    const alice = await createClientNode();
    const bob = await createClientNode();
    const token = await tokenOf(url, alice);
    const group = alice.createGroup();
    const map = group.createMap({ word: 'first' });
    await push(url, changesOf(bob, accountOf(bob)), withToken(token));
    take(alice, changesOf(bob, accountOf(bob)));
    const his = alice.getCoValue(accountOf(bob).id as Content['id']).getCurrentContent() as RawAccount;
    group.addMember(his, 'reader');
    await push(url, changesOf(alice, accountOf(alice), group, map), withToken(token));
    const auth = { type: 'auth', clientId: 'x', collections: [group.id] };
    for (const [wrong, code] of [
      [{}, 4401],
      [{ token: '' }, 4401],
      [{ token: 'maia1.x.y' }, 4401],
      [{ token: `${token}x` }, 4401],
      [{ token: await tokenOf(url, await createClientNode()) }, 4403],
      [{ token, collections: [accountOf(bob).id] }, 4403],
      [{ token, collections: ['co_zNone'] }, 4403],
    ] as const) {
      const client = openNotices(url);
      client.send({ ...auth, ...wrong });
      expect([wrong, await client.closed]).toEqual([wrong, code]);
      expect(JSON.stringify(client.messages)).not.toContain(token);
    }
    const hers = await watch(url, [group], { token, clientId: 'hers' });
    const other = await watch(url, [group], { token, clientId: 'other' });
    const theirs = await watch(url, [group], { token: await tokenOf(url, bob), clientId: 'hers' });
    const edit = (word: string) => changesBy(alice, map, () => map.set('word', word));
    const asHers = (changes: readonly unknown[]) =>
      pushBody(url, JSON.stringify({ clientId: 'hers', changes }), withToken(token));
    // The same name of another user is another client.
    await asHers(edit('second'));
    await noticed(theirs, 1);
    await noticed(other, 1);
    await asHers(changesBy(alice, group, () => group.removeMember(his)));
    expect(await theirs.closed).toBe(4403);
    expect(theirs.messages.at(-1)).toMatchObject({ code: 'forbidden', ids: [group.id] });
    await asHers(edit('third'));
    await until(() => expect(other.notices().length).toBeGreaterThan(1));
    expect(theirs.notices()).toHaveLength(1);
    expect(hers.notices()).toEqual([]);
  });

  it('[RELAY-76] not those who lose their role in a parent of the group, although nothing changes in the group', async () => {
    const { url } = await startRelay({ storage: 'memory:', auth: { account: true } });
    const [alice, bob] = [await createClientNode(), await createClientNode()];
    const token = await tokenOf(url, alice);
    await push(url, changesOf(bob, accountOf(bob)), withToken(token));
    take(alice, changesOf(bob, accountOf(bob)));
    const his = alice.getCoValue(accountOf(bob).id as Content['id']).getCurrentContent() as RawAccount;
    const [parent, group] = [alice.createGroup(), alice.createGroup()];
    parent.addMember(his, 'reader');
    group.extend(parent);
    await push(url, changesOf(alice, accountOf(alice), parent, group), withToken(token));
    const hers = await watch(url, [group], { token, clientId: 'hers' });
    const theirs = await watch(url, [group], { token: await tokenOf(url, bob) });
    await push(
      url,
      changesBy(alice, parent, () => parent.removeMember(his)),
      withToken(token),
    );
    expect(await theirs.closed).toBe(4403);
    expect(theirs.notices()).toEqual([]);
    hers.send({ type: 'ping' });
    await hers.received('pong');
    expect(hers.notices()).toEqual([]);
  });

  it('[RELAY-76] a blocked account is disconnected and refused, with the reason', async () => {
    const { relay, act } = await startAdministeredRelay({ auth: { account: true } });
    const alice = await createClientNode();
    const token = await tokenOf(relay.url, alice);
    await push(relay.url, changesOf(alice, accountOf(alice)), withToken(token));
    const client = await watch(relay.url, [accountOf(alice)], { token });
    await act('block', { id: accountOf(alice).id, reason: 'Spam' });
    expect(await client.closed).toBe(4403);
    expect(client.messages.at(-1)?.message).toContain('Spam');
    const again = openNotices(relay.url);
    again.send({ type: 'auth', token, clientId: 'x', collections: [accountOf(alice).id] });
    expect(await again.closed).toBe(4403);
    await act('unblock', { id: accountOf(alice).id });
    await watch(relay.url, [accountOf(alice)], { token });
  });

  it('[RELAY-62] [RELAY-76] there is no notice of what is taken down, and one once it is back', async () => {
    const { relay, act } = await startAdministeredRelay();
    const writer = await createWriter();
    const other = await createWriter();
    await push(relay.url, [...writer.all(), ...other.all()]);
    await act('take-down', { id: other.group.id, reason: 'illegal' });
    const refused = openNotices(relay.url);
    refused.send({ type: 'auth', clientId: 'x', collections: [other.group.id] });
    expect(await refused.closed).toBe(4403);
    await act('put-back', { id: other.group.id });
    const client = await watch(relay.url, [writer.group, other.group]);
    await act('take-down', { id: writer.map.id, reason: 'illegal' });
    await act('take-down', { id: other.group.id, reason: 'illegal' });
    await pushAs(relay.url, 'another', other.edit('unseen'));
    await pushAs(relay.url, 'another', changesOf(writer.node, writer.group.createMap({ a: 1 })));
    await noticed(client, 1);
    expect(client.notices()).toEqual([[writer.group.id]]);
    await act('put-back', { id: other.group.id });
    await noticed(client, 2);
    expect(client.notices().at(-1)).toEqual([other.group.id]);
    await act('put-back', { id: writer.map.id });
    await noticed(client, 3);
    expect(client.notices().at(-1)).toEqual([writer.group.id]);
  });

  it('[RELAY-76] users of an identity server, whose tokens name collections and are renewed in place', async () => {
    const key = await createSigningKey('one');
    const server = await openIdentityServer(key);
    const { url } = await startRelay({ storage: 'memory:', auth: { jwksUrl: server.url } });
    const node = await createClientNode();
    const [group, second] = [node.createGroup(), node.createGroup()];
    const collections = [group.id, second.id];
    const token = await signToken(key, { collections });
    await push(url, changesOf(node, accountOf(node), group, second), withToken(token));
    const auth = { type: 'auth', clientId: 'x', collections: [group.id] };
    const nowS = Math.floor(Date.now() / 1_000);
    for (const [wrong, code] of [
      [await signToken(key), 4403],
      [await signToken(key, { collections, exp: nowS - 31 }), 4401],
      [await signToken(await createSigningKey('two'), { collections }), 4401],
      [await signToken(key, { collections, app: 'other' }), 4403],
    ] as const) {
      const client = openNotices(url);
      client.send({ ...auth, token: wrong });
      expect(await client.closed).toBe(code);
    }
    const client = await watch(url, [group], { token });
    client.send({ ...auth, token: await signToken(key, { collections }), collections: [second.id] });
    await until(() => expect(client.messages.filter(({ type }) => type === 'auth-ok')).toHaveLength(2));
    const inGroup = (to: typeof group) =>
      push(url, changesOf(node, to.createMap({ a: 1 })), withToken(token));
    await inGroup(group);
    await inGroup(second);
    await noticed(client, 1);
    expect(client.notices()).toEqual([[second.id]]);
    client.send({ ...auth, token: await signToken(key, { collections, sub: 'user-2' }) });
    expect(await client.closed).toBe(4401);
  });
});
