import { describe, expect, it } from 'vitest';
import type { LocalNode, RawAccount, RawGroup } from 'cojson';
import { openIdentityServer } from '../../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../../test/support/auth/signing-key.ts';
import { startAdministeredRelay } from '../../../../test/support/relay/administered-relay.ts';
import {
  accountOf,
  changesBy,
  changesOf,
  pull,
  pullAll,
  push,
  take,
} from '../../../../test/support/relay/stateless-client.ts';
import { exchange, nonceOf, withToken } from '../../../../test/support/relay/stateless-sign-in.ts';
import { createWriter } from '../../../../test/support/relay/stateless-writer.ts';
import { createClientNode, createStockClient } from '../../../../test/support/relay/stock-client.ts';
import { createStorage } from '../../../../test/support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../../../../test/support/relay/test-postgres.ts';
import { confirmed, createSharedMap, startRelay } from '../../../../test/support/relay/test-relay.ts';
import { until } from '../../../../test/support/until.ts';
import type { Content } from '../../../engine/content.ts';
import { openStoragePlace, readStoragePlace } from '../../database/storage-place.ts';
import { silentLogger } from '../../../base/logger.ts';
import { nameOfSome } from './cursor.ts';

const inCollection = ({ id }: { readonly id: string }, since?: string) => ({
  collection: id,
  ...(since !== undefined && { since }),
});
const idsOf = (changes: readonly Content[]) => changes.map(({ id }) => id);

function listing(open: () => Promise<string>) {
  it('[RELAY-72] a pull of a collection gives all that a group owns, and later what has changed, after a restart, too', async () => {
    const storage = await open();
    let relay = await startRelay({ storage });
    const { node, map, group, all } = await createWriter();
    const elsewhere = await createWriter();
    await push(relay.url, [...all(), ...elsewhere.all()]);
    const first = await pullAll(relay.url, [], inCollection(group));
    expect(new Set(idsOf(first.changes))).toEqual(new Set([accountOf(node).id, group.id, map.id]));
    expect(idsOf(first.changes).at(-1)).toBe(map.id);
    const next = group.createMap({ word: 'next' });
    await push(relay.url, changesOf(node, next));
    await push(
      relay.url,
      changesBy(elsewhere.node, elsewhere.map, () => elsewhere.map.set('word', 'unseen')),
    );
    await relay.close();
    relay = await startRelay({ storage });
    const second = await pullAll(relay.url, [], inCollection(group, first.cursor));
    expect(idsOf(second.changes)).toContain(next.id);
    expect(idsOf(second.changes)).not.toContain(elsewhere.map.id);
    expect(idsOf(second.changes)).not.toContain(map.id);
    expect((await pullAll(relay.url, [], inCollection(group, second.cursor))).changes).toEqual([]);
    await push(
      relay.url,
      changesBy(node, map, () => map.set('word', 'third')),
    );
    const third = await pullAll(relay.url, [], inCollection(group, second.cursor));
    expect(idsOf(third.changes)).toEqual([map.id]);
  });

  it('[RELAY-72] is cut at its limit, and goes on where it ended', async () => {
    const relay = await startRelay({ storage: await open() });
    const { node, group, all } = await createWriter();
    const more = Array.from({ length: 25 }, (_, index) => group.createMap({ index }));
    await push(relay.url, [...all(), ...changesOf(node, ...more)]);
    const whole = await pullAll(relay.url, [], inCollection(group));
    const cut = await pullAll(relay.url, [], { ...inCollection(group), limit: '10' });
    expect(cut.answers).toBe(3);
    expect(cut.changes).toEqual(whole.changes);
    const reader = await createClientNode();
    take(reader, cut.changes);
    for (const { id } of more) expect(await reader.load(id)).not.toBe('unavailable');
  });

  it('[RELAY-73] is answered with 503 until older rows have their owners', async () => {
    const storage = await open();
    const first = await startRelay({ storage });
    const { map, group, all } = await createWriter();
    await push(first.url, all());
    await first.close();
    const database = await openStoragePlace(readStoragePlace(storage), silentLogger, {});
    await database.query(`update covalues set owner = null`);
    await database.close();
    let mayFill = false;
    const relay = await startRelay({ storage }, (real) => ({
      ...real,
      write: (sql, parameters) =>
        sql.includes('set owner') && !mayFill
          ? Promise.reject(new Error('It may not be filled in yet.'))
          : real.write(sql, parameters),
    }));
    const answer = await pull(relay.url, [], inCollection(group));
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'storage', retryAfterMs: 1_000 } } });
    expect((await pull(relay.url, [map])).status).toBe(200);
    mayFill = true;
    await until(async () => expect((await pull(relay.url, [], inCollection(group))).status).toBe(200));
    expect(idsOf((await pullAll(relay.url, [], inCollection(group))).changes)).toContain(map.id);
  });
}

describe('from a relay on PGlite', () => listing(async () => `pglite:${await createStorage()}`));
describePostgres('from a relay on PostgreSQL', () => listing(createPostgres));

/** A group with one map in it, of a node that is signed in. */
async function createTeam(url: string) {
  const node = await createClientNode();
  const token = await tokenOf(url, node);
  const group = node.createGroup();
  const map = group.createMap({ word: 'first' });
  await push(url, changesOf(node, accountOf(node), group, map), token);
  async function member(role: Parameters<RawGroup['addMember']>[1], to = group) {
    const other = await createClientNode();
    const account = changesOf(other, accountOf(other));
    await push(url, account, token);
    take(node, account);
    const added = node.getCoValue(accountOf(other).id as Content['id']).getCurrentContent() as RawAccount;
    const changes = changesBy(node, to, () => to.addMember(added, role));
    expect((await push(url, changes, token)).status).toBe(200);
    return { node: other, account: added, token: await tokenOf(url, other) };
  }
  const remove = (account: RawAccount) =>
    push(
      url,
      changesBy(node, group, () => group.removeMember(account)),
      token,
    );
  return { node, token, group, map, member, remove };
}

async function tokenOf(url: string, node: LocalNode) {
  const { body } = await exchange(url, node, await nonceOf(url));
  return withToken(body.token);
}

describe('who may pull a collection', () => {
  it('[RELAY-72] without sign-in: everyone, if everyone has a role', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const { node, group, map, all } = await createWriter();
    const closed = node.createGroup();
    const loose = node.createCoValue({
      ...{ type: 'comap', ruleset: { type: 'unsafeAllowAll' }, meta: null, uniqueness: 'loose' },
    });
    const unread = node.createGroup();
    unread.addMember('everyone', 'writeOnly');
    await push(relay.url, [...all(), ...changesOf(node, closed, closed.createMap(), unread, loose)]);
    expect((await pull(relay.url, [], inCollection(group))).status).toBe(200);
    for (const other of [closed, unread, loose, map, accountOf(node), { id: 'co_zNone' }]) {
      const { status, body } = await pull(relay.url, [], inCollection(other));
      expect([other.id, status]).toEqual([other.id, 403]);
      expect(body).toMatchObject({ error: { code: 'forbidden' }, ids: [other.id] });
    }
  });

  it('[RELAY-72] a member who may read, until they are removed; also of a group above', async () => {
    const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
    const { group, map, node, token, member, remove } = await createTeam(relay.url);
    const reader = await member('reader');
    const writer = await member('writeOnly');
    const stranger = await createTeam(relay.url);
    const above = node.createGroup();
    await push(relay.url, changesOf(node, above), token);
    const boss = await member('admin', above);
    const status = async (who: Readonly<Record<string, string>>, of: { id: string } = group) =>
      (await pull(relay.url, [], inCollection(of), who)).status;
    expect(await status(token)).toBe(200);
    expect(await status(reader.token)).toBe(200);
    expect(await status(writer.token)).toBe(403);
    expect(await status(stranger.token)).toBe(403);
    expect(await status({})).toBe(401);
    expect(await status(boss.token)).toBe(403);
    await push(
      relay.url,
      changesBy(node, group, () => group.extend(above)),
      token,
    );
    expect(await status(boss.token)).toBe(200);
    // Each has what its own account owns.
    expect(await status(reader.token, accountOf(reader.node))).toBe(200);
    expect(await status(token, accountOf(reader.node))).toBe(403);
    const { cursor } = await pullAll(relay.url, [], inCollection(group), reader.token);
    await remove(reader.account);
    expect(await status(reader.token)).toBe(403);
    expect((await pull(relay.url, [], inCollection(group, cursor), reader.token)).status).toBe(403);
    // What someone has the IDs of is loaded as by a connection.
    expect((await pull(relay.url, [map], {}, reader.token)).status).toBe(200);
  });

  it('[RELAY-72] a user whose token names the collection', async () => {
    const key = await createSigningKey('one');
    const server = await openIdentityServer(key);
    const relay = await startRelay({ storage: 'memory:', auth: { jwksUrl: server.url } });
    const { node, group, map } = await createWriter();
    const closed = node.createGroup();
    const inside = closed.createMap({ word: 'inside' });
    const plain = withToken(await signToken(key));
    await push(relay.url, changesOf(node, accountOf(node), group, map, closed, inside), plain);
    const withClaim = async (collections: unknown) => withToken(await signToken(key, { collections }));
    const status = async (headers: Readonly<Record<string, string>>, of = closed) =>
      (await pull(relay.url, [], inCollection(of), headers)).status;
    expect(await status(plain, group)).toBe(200);
    expect(await status(plain)).toBe(403);
    expect(await status(await withClaim([group.id]))).toBe(403);
    for (const odd of [closed.id, { [closed.id]: true }, [[closed.id]], 7])
      expect(await status(await withClaim(odd))).toBe(403);
    const named = await withClaim([7, closed.id]);
    expect(await status(named)).toBe(200);
    const { changes } = await pullAll(relay.url, [], inCollection(closed), named);
    expect(idsOf(changes)).toContain(inside.id);
  });

  it('[RELAY-62] [RELAY-72] nobody while the group is taken down; what it owns is left out while that is', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { node, map, group, all } = await createWriter();
    const other = group.createMap({ word: 'other' });
    await push(relay.url, [...all(), ...changesOf(node, other)]);
    await act('take-down', { id: map.id, reason: 'illegal' });
    const { changes, cursor } = await pullAll(relay.url, [], inCollection(group));
    expect(idsOf(changes)).toContain(other.id);
    expect(idsOf(changes)).not.toContain(map.id);
    await act('take-down', { id: group.id, reason: 'illegal' });
    expect((await pull(relay.url, [], inCollection(group))).status).toBe(403);
    await act('put-back', { id: group.id });
    await act('put-back', { id: map.id });
    expect((await pull(relay.url, [], inCollection(group, cursor))).status).toBe(410);
    expect(idsOf((await pullAll(relay.url, [], inCollection(group))).changes)).toContain(map.id);
  });

  it('[RELAY-72] a member, whatever others have written into the group', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const { node, map, group, all } = await createWriter();
    const odd = [{ toString: 1, valueOf: 1 }, ['parent_co_z1', { toString: 1 }], null];
    for (const key of odd)
      node.getCoValue(group.id).makeTransaction([{ op: 'set', key, value: 'x' }] as never, 'trusting');
    await push(relay.url, all());
    expect(idsOf((await pullAll(relay.url, [], inCollection(group))).changes)).toContain(map.id);
  });

  it('[RELAY-72] [RELAY-81] nothing that `authorize` does not let the client load', async () => {
    const storage = `pglite:${await createStorage()}`;
    const open = await startRelay({ storage });
    const { node, map, group, all } = await createWriter();
    const secret = group.createMap({ word: 'secret' });
    const other = await createWriter();
    await push(open.url, [...all(), ...changesOf(node, secret), ...other.all()]);
    await open.close();
    const denied = new Set<string>([secret.id, other.group.id]);
    const relay = await startRelay({ storage, authorize: ({ id }) => !denied.has(id) });
    const { changes, cursor } = await pullAll(relay.url, [], inCollection(group));
    expect(idsOf(changes)).toContain(map.id);
    expect(idsOf(changes)).not.toContain(secret.id);
    // What it names them by has a secret of the storage in it, or a client could try IDs that it guesses.
    const withheld = Buffer.from(cursor, 'base64url').toString().split('.')[3];
    expect(withheld).toHaveLength(16);
    expect(withheld).not.toBe(nameOfSome(new Set([secret.id]), ''));
    expect(await pull(relay.url, [], inCollection(other.group))).toMatchObject({ status: 403 });
  });

  it('[RELAY-72] what a connected client stores is listed, too', async () => {
    const relay = await startRelay({ storage: 'memory:' });
    const alice = await createStockClient(relay.url);
    const map = createSharedMap(alice);
    await confirmed(alice, map);
    expect(idsOf((await pullAll(relay.url, [], inCollection(map.group))).changes)).toContain(map.id);
  });
});
