import type { LocalNode, RawCoMap } from 'cojson';
import { afterEach, describe, expect, it } from 'vitest';
import { createAgentNode, startStockRelay, type StockRelay } from '../../test/support/sync/stock-relay.ts';
import type { SyncPeers } from './sync-peers.ts';
import { until } from '../../test/support/until.ts';
import { startMemorySync } from '../../test/support/sync/start-memory-sync.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function relayAt(port?: number): Promise<StockRelay> {
  const relay = await startStockRelay(port === undefined ? {} : { port });
  ends.push(() => relay.close());
  return relay;
}

async function device(url: string | undefined): Promise<{ node: LocalNode; sync: SyncPeers; map: RawCoMap }> {
  const node = await createAgentNode();
  const sync = startMemorySync(node, url === undefined ? false : { url });
  ends.push(() => sync.close().catch(() => {}));
  return { node, sync, map: node.createGroup().createMap() };
}

describe('a node and its relay', () => {
  it('[LADDER-2] counts an edit in the same call that makes it', async () => {
    const { sync, map } = await device(undefined);
    const before = sync.current.confirmed.pending;
    map.set('a', 1);
    expect(sync.current.confirmed.pending).toBe(before);
    expect(before).toBe(2); // the group and the map
    expect(sync.current.status).toBe('off');
  });

  it('[LADDER-11] reports an edit to a subscriber that subscribes in the same turn', async () => {
    const { sync, map } = await device(undefined);
    const told: number[] = [];
    sync.subscribe(({ confirmed }) => told.push(confirmed.pending));
    map.set('a', 1);
    const other = map.group.createMap();
    sync.subscribe(({ confirmed }) => told.push(confirmed.pending));
    expect(other.id).toBeDefined();
    expect(told.slice(1)).toEqual([3, 3]); // the earlier listener, and the new one
  });

  it('confirms an edit when the relay acknowledges it, and the edit reaches a second device', async () => {
    const relay = await relayAt();
    const a = await device(relay.url);
    a.map.set('colour', 'red');
    expect(a.sync.current.confirmed.pending).toBeGreaterThan(0);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    expect(a.sync.current.confirmed).toEqual({ known: true, pending: 0 });
    expect(a.sync.current.durability).toBe('unknown');
    expect(a.sync.current.durable).toBeUndefined();
    expect(relay.node.getCoValue(a.map.id).knownState()).toEqual(a.map.core.knownState());

    const b = await device(relay.url);
    await until(() => expect(b.sync.current.peers[0]?.phase).toBe('connected'));
    const loaded = await b.node.load(a.map.id);
    expect(loaded).not.toBe('unavailable');
  });

  it('[CONN-13] shows the bytes of content that went up and came down on this connection', async () => {
    const relay = await relayAt();
    const a = await device(relay.url);
    const word = 'x'.repeat(10_000);
    a.map.set('word', word);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    const { upload, download } = a.sync.current;
    expect(upload?.bufferedBytes).toBe(0);
    expect(upload?.bytes).toBeGreaterThan(word.length);
    expect(download.bytes).toBe(0);

    const b = await device(relay.url);
    await b.node.load(a.map.id);
    await until(() => expect(b.sync.current.download.bytes).toBeGreaterThan(word.length));
    b.sync.pause();
    await until(() => expect(b.sync.current.download.bytes).toBe(0));
  });

  it('reconnects after the relay returns, and refills one that lost everything', async () => {
    const first = await relayAt();
    const a = await device(first.url);
    a.map.set('n', 1);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    await first.close();
    await until(() => expect(a.sync.current.status).toBe('connecting'));
    a.map.set('n', 2);
    expect(a.sync.current.confirmed.pending).toBe(1);

    const second = await relayAt(first.port);
    a.sync.reconnect();
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    expect(second.node.getCoValue(a.map.id).knownState()).toEqual(a.map.core.knownState());
    expect(second.node.getCoValue(a.map.group.id).isAvailable()).toBe(true);
  });

  it('[CONN-8] sends nothing while paused, and everything on resume', async () => {
    const relay = await relayAt();
    const a = await device(relay.url);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    a.sync.pause();
    a.map.set('n', 1);
    expect(a.sync.current).toMatchObject({ status: 'paused', confirmed: { pending: 1 } });
    a.sync.resume();
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
  });

  it('needs only the deletion to arrive after a CoValue is deleted offline', async () => {
    const relay = await relayAt();
    const a = await device(relay.url);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    a.sync.pause();
    a.map.set('n', 1);
    a.map.core.deleteCoValue();
    a.sync.resume();
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    expect(relay.node.getCoValue(a.map.id).isDeleted).toBe(true);
  });

  it('retries an unreachable relay, and counts the edit as pending meanwhile', async () => {
    const relay = await relayAt();
    await relay.close();
    const a = await device(relay.url);
    a.map.set('n', 1);
    await until(() => expect(a.sync.current.peers[0]).toMatchObject({ phase: 'waiting' }));
    expect(a.sync.current).toMatchObject({ status: 'connecting', error: { code: 'RELAY_UNREACHABLE' } });
    await relayAt(relay.port);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
  });

  it('reports a mistyped ID as unavailable, and keeps the connection', async () => {
    const relay = await relayAt();
    const a = await device(relay.url);
    await until(() => expect(a.sync.current.status).toBe('confirmed'));
    const asked = a.node.load('co_z0OIl' as RawCoMap['id']);
    await until(() => expect(a.sync.current.download.caughtUp).toBe(true));
    expect(await asked).toBe('unavailable');
    expect(a.sync.current.peers[0]?.phase).toBe('connected');
    expect(relay.node.isCoValueInMemory('co_z0OIl')).toBe(false);
  });

  it('fails the sync, but not the node, if the address cannot be parsed', async () => {
    const { sync, map } = await device('ftp://nowhere');
    map.set('n', 1);
    expect(sync.current).toMatchObject({ status: 'failed', error: { code: 'SYNC_URL_INVALID' } });
  });
});

describe('waiting for a rung', () => {
  it('rejects at once without a relay', async () => {
    const { sync, map } = await device(undefined);
    await expect(sync.whenConfirmed(map)).rejects.toMatchObject({ code: 'SYNC_OFF' });
    await expect(sync.flush()).rejects.toMatchObject({ code: 'SYNC_OFF' });
    const wrong = await device('ftp://nowhere');
    await expect(wrong.sync.whenConfirmed()).rejects.toMatchObject({
      code: 'SYNC_OFF',
      cause: { code: 'SYNC_URL_INVALID' },
    });
  });

  it('covers the edits made before the call, even if the relay is away for a while', async () => {
    const relay = await relayAt();
    await relay.close();
    const a = await device(relay.url);
    a.map.set('n', 1);
    const confirmed = a.sync.whenConfirmed();
    const sent = a.sync.flush();
    await relayAt(relay.port);
    await sent;
    await confirmed;
    expect(a.sync.current.confirmed.pending).toBe(0);
  });
});

describe('closing', () => {
  it('[LADDER-12] waits for the rung', async () => {
    const relay = await relayAt();
    const { sync, map } = await device(relay.url);
    map.set('a', 1);
    await sync.close({ until: 'confirmed', timeoutMs: 10_000 });
    expect(relay.node.getCoValue(map.id).knownState()).toEqual(map.core.knownState());
    expect(sync.current.confirmed.pending).toBe(0);
  });

  it('[LADDER-12] says which rung was not reached in time, and closes', async () => {
    const relay = await relayAt();
    const { sync } = await device(relay.url);
    sync.pause();
    const closed = sync.close({ until: 'sent', timeoutMs: 5 });
    await expect(closed).rejects.toMatchObject({ code: 'TIMEOUT', details: { rung: 'sent', timeoutMs: 5 } });
    await expect(sync.close()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(sync.whenConfirmed()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  });

  it('[LADDER-12] says why a rung cannot be reached, and closes', async () => {
    const { sync } = await device(undefined);
    await expect(sync.close({ until: 'confirmed' })).rejects.toMatchObject({ code: 'SYNC_OFF' });
    await expect(sync.whenConfirmed()).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  });
});

describe('events', () => {
  it('report connections, local and remote changes, and confirmations', async () => {
    const relay = await relayAt();
    const [a, b] = [await device(relay.url), await device(relay.url)];
    a.map.group.addMember('everyone', 'writer');
    const told: string[] = [];
    const tell = (event: string) => (detail: object) => told.push(`${event} ${JSON.stringify(detail)}`);
    b.sync.on('connect', tell('connect'));
    b.sync.on('disconnect', tell('disconnect'));
    b.sync.on('sync', tell('sync'));
    b.sync.on('change', tell('change'));
    const peerID = `127.0.0.1:${relay.port}`;
    await until(() =>
      expect([a, b].map(({ sync }) => sync.current.status)).toEqual(['confirmed', 'confirmed']),
    );
    expect(told).toContain(`connect {"peerID":"${peerID}"}`);
    expect(told).toContain(`sync {"peerID":"${peerID}","id":"${b.map.id}"}`);

    await b.node.load(a.map.id);
    told.length = 0;
    a.map.set('n', 1);
    await until(() => expect(told).toEqual([`change {"ids":["${a.map.id}"],"origin":"relay"}`]));
    b.map.set('n', 1);
    await until(() => expect(told).toHaveLength(3));
    expect(told.slice(1)).toEqual([
      `change {"ids":["${b.map.id}"],"origin":"local"}`,
      `sync {"peerID":"${peerID}","id":"${b.map.id}"}`,
    ]);
    await relay.close();
    await until(() => expect(told.at(-1)).toMatch(/^disconnect/));
  });
});
