import { describe, expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { openDevice, readElsewhere } from '../../../test/support/auth/asked-devices.ts';
import { startAdministeredRelay } from '../../../test/support/relay/administered-relay.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { startProxy } from '../../../test/support/relay/tcp-proxy.ts';
import { confirmed, createSharedMap, loadMap, readHealth } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const reason = 'Spam in shared lists';

describe('[RELAY-61] a relay at which clients sign in', () => {
  it('disconnects a blocked account with the reason, and takes its edits once it is unblocked', async () => {
    const { relay, act } = await startAdministeredRelay({ auth: { account: true } });
    const { node, sync } = await openDevice(relay.url, 'account');
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    const id = node.expectCurrentAccountID('test');
    expect(await act('principals')).toEqual({
      principals: [{ kind: 'account', id, connections: 1 }],
      notSignedIn: 0,
    });
    await act('block', { id, reason });
    await until(() => expect(sync.current.peers[0]?.phase).toBe('waiting'));
    expect(sync.current.error).toMatchObject({
      code: 'RELAY_REFUSED',
      details: {
        refusal: 'forbidden',
        reason: `The operator of this relay has blocked this account: ${reason}`,
      },
    });
    map.set('word', 'blocked', 'trusting');
    sync.reconnect();
    await until(() =>
      expect(sync.current).toMatchObject({ status: 'connecting', error: { code: 'RELAY_REFUSED' } }),
    );
    expect(sync.current.confirmed.pending).toBeGreaterThan(0);

    const other = await readElsewhere(relay.url, 'account', map);
    expect(other.get('word')).toBe('first');
    expect(await act('unblock', { id })).toEqual({ id, wasBlocked: true });
    sync.reconnect();
    await sync.whenConfirmed();
    await until(() => expect(other.get('word')).toBe('blocked'));
  });

  it('refuses a blocked principal by the name that the admin sees, and no other', async () => {
    const key = await createSigningKey('key');
    const { url: jwksUrl } = await openIdentityServer(key);
    const { relay, act } = await startAdministeredRelay({ auth: { jwksUrl } });
    const open = (sub: string) => openDevice(relay.url, { token: () => signToken(key, { sub, iss: 'id' }) });
    const [bad, good] = [await open('bad'), await open('good')];
    for (const { sync } of [bad, good])
      await until(() => expect(sync.current.peers[0]?.phase).toBe('connected'));
    const { principals } = (await act('principals')) as { principals: { id: string }[] };
    const id = principals.map((principal) => principal.id).find((one) => one.includes('bad'));
    await act('block', { id, reason });
    await until(() => expect(bad.sync.current.error).toMatchObject({ details: { refusal: 'forbidden' } }));
    expect(good.sync.current.peers[0]?.phase).toBe('connected');
    expect(await act('blocks')).toEqual({ blocks: [{ id, reason, since: expect.any(String) as string }] });
  });

  it('does not count a blocked client’s attempts as failed sign-ins of its address', async () => {
    const { relay, act } = await startAdministeredRelay({
      auth: { account: true },
      limits: { failedSignInsPerMinute: 1 },
    });
    const { node, sync } = await openDevice(relay.url, 'account');
    await act('block', { id: node.expectCurrentAccountID('test'), reason });
    for (let attempt = 0; attempt < 3; attempt++) {
      sync.reconnect();
      await until(() => expect(sync.current.error).toMatchObject({ details: { refusal: 'forbidden' } }));
    }
    const other = await openDevice(relay.url, 'account');
    await until(() => expect(other.sync.current.peers[0]?.phase).toBe('connected'));
  });
});

describe('[RELAY-61] an open relay', () => {
  it('takes no new content of a blocked author, from anyone, and serves all that it has', async () => {
    const { relay, act } = await startAdministeredRelay();
    const { node, sync } = await openDevice(relay.url);
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    const id = node.expectCurrentAccountID('test');
    await act('block', { id, reason });
    map.set('word', 'refused', 'trusting');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_REFUSED' }));
    expect(sync.current.confirmed.error?.message).toContain('has blocked the author');
    expect(sync.current.confirmed.error?.message).not.toContain(reason);
    expect(sync.current.peers[0]?.phase).toBe('connected');

    const bob = await createStockClient(relay.url);
    const bobs = await loadMap(bob, map);
    expect(bobs.get('word')).toBe('first');
    // Bob's device gets the edit in another way, and carries it.
    for (const piece of map.core.newContentSince(undefined) ?? [])
      bob.syncManager.handleNewContent(structuredClone(piece), 'import');
    bobs.set('bob', 1, 'trusting');
    const carol = await createStockClient(relay.url);
    const carols = await loadMap(carol, map);
    await until(() => expect(carols.toJSON()).toEqual({ word: 'first', bob: 1 }));

    await act('unblock', { id });
    await sync.whenConfirmed();
    await until(() => expect(carols.toJSON()).toEqual({ word: 'refused', bob: 1 }));
  });
});

describePostgres('several relays on one PostgreSQL', () => {
  it('[RELAY-61] all block an account that one of them blocks, and after a restart, too', async () => {
    const storage = await createPostgres();
    const one = await startAdministeredRelay({ storage });
    const two = await startAdministeredRelay({ storage });
    const { node, sync } = await openDevice(two.relay.url);
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    const id = node.expectCurrentAccountID('test');
    await one.act('block', { id, reason });
    await until(async () => expect(await two.act('blocks')).toMatchObject({ blocks: [{ id, reason }] }));
    map.set('word', 'refused', 'trusting');
    await until(() => expect(sync.current.confirmed.error).toMatchObject({ code: 'RELAY_REFUSED' }));
    const three = await startAdministeredRelay({ storage });
    expect(await three.act('blocks')).toMatchObject({ blocks: [{ id }] });
    expect(await three.act('unblock', { id })).toMatchObject({ wasBlocked: true });
    expect(await one.act('unblock', { id })).toMatchObject({ wasBlocked: false });
    await sync.whenConfirmed();
  });

  it('[RELAY-61] read again what they missed while they got no notices', async () => {
    const storage = await createPostgres();
    const proxy = await startProxy(storage);
    const one = await startAdministeredRelay({ storage });
    const two = await startAdministeredRelay({ storage: proxy.url });
    const bob = await createStockClient(one.relay.url);
    const map = createSharedMap(bob);
    await confirmed(bob, map);
    proxy.cut();
    await until(async () => expect((await readHealth(two.relay)).code).toBe(503));
    await one.act('take-down', { id: map.id, reason });
    expect(await two.act('takedowns')).toEqual({ takedowns: [] });
    proxy.mend();
    await until(async () =>
      expect(await two.act('takedowns')).toMatchObject({ takedowns: [{ id: map.id }] }),
    );
  });
});
