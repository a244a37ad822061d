import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isKernelError } from '../base/kernel-error.ts';
import type { Logger } from '../base/logger.ts';
import { createRelay } from './index.ts';
import { freePort } from '../../test/support/relay/free-port.ts';
import { openRawClient } from '../../test/support/relay/raw-client.ts';
import { connectStock, createClientNode, createStockClient } from '../../test/support/relay/stock-client.ts';
import { createDirectory, createStorage } from '../../test/support/relay/temporary-storage.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  readHealth,
  startGatedRelay,
  startRelay,
} from '../../test/support/relay/test-relay.ts';
import { until } from '../../test/support/until.ts';

describe('two stock clients', () => {
  it('[WIRE-6] sync through a relay and ignore its Maia frames', async () => {
    const relay = await startRelay();
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const theirs = await loadMap(bob, mine);
    theirs.set('word', 'second');
    mine.set('other', 'third');
    await until(() => {
      expect(mine.toJSON()).toEqual({ word: 'second', other: 'third' });
      expect(theirs.toJSON()).toEqual({ word: 'second', other: 'third' });
    });
  });

  it('find everything after the relay restarts, and continue', async () => {
    const storage = `pglite:${await createStorage()}`;
    const first = await startRelay({ storage });
    const alice = await createStockClient(first.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const { body } = await readHealth(first);
    expect(body).toMatchObject({ connections: 1 });
    await first.close();

    const second = await startRelay({ storage, port: first.port });
    const bob = await createStockClient(second.url);
    expect((await loadMap(bob, mine)).toJSON()).toEqual({ word: 'first' });
    alice.syncManager.removePeer('relay');
    connectStock(alice, second.url);
    mine.set('word', 'after');
    await until(async () => expect((await loadMap(bob, mine)).get('word')).toBe('after'));
  });

  it('are forgotten when they disconnect', async () => {
    const relay = await startRelay();
    const node = await createClientNode();
    const cut = connectStock(node, relay.url);
    await until(async () => expect((await readHealth(relay)).body.connections).toBe(1));
    cut();
    await until(async () => expect((await readHealth(relay)).body.connections).toBe(0));
  });
});

describe('starting', () => {
  const codeOf = (error: unknown) => (isKernelError(error) ? error.code : error);

  it('fails with an explanation on a taken port and leaves nothing running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const directory = join(await createDirectory(), 'storage');
    const { port } = other.address() as AddressInfo;
    const error: unknown = await createRelay({ port, storage: `pglite:${directory}` }).catch(
      (reason: unknown) => reason,
    );
    expect(codeOf(error)).toBe('RELAY_PORT_TAKEN');
    expect(error).toHaveProperty('message', expect.stringContaining(String(port)));
  });

  it('fails if the metrics are to have the same port, and says so', async () => {
    const port = await freePort();
    const error: unknown = await createRelay({ port, metricsPort: port, storage: 'memory:' }).catch(
      (reason: unknown) => reason,
    );
    expect(codeOf(error)).toBe('RELAY_SETTING_INVALID');
    expect(error).toHaveProperty('message', expect.stringContaining('METRICS_PORT'));
  });

  it('fails on a directory in use, releases its port, and leaves the other relay alone', async () => {
    const storage = `pglite:${await createStorage()}`;
    const first = await startRelay({ storage });
    const port = await freePort();
    const error: unknown = await createRelay({ port, storage }).catch((reason: unknown) => reason);
    expect(codeOf(error)).toBe('RELAY_STORAGE_LOCKED');
    const again = createServer().listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
    const alice = await createStockClient(first.url);
    await confirmed(alice, createSharedMap(alice));
  });

  it.each([
    { port: -1 },
    { port: 1.5 },
    { port: 70_000 },
    { host: '203.0.113.1' },
    { storage: 'postgres://localhost' },
    { storage: 'sqlite:x' },
    { limits: { messageBytes: 0 } },
    { drainMs: Number.NaN },
    { commitLanes: 0 },
    { databaseLockMs: 9 },
  ])('is refused with %j', async (options) => {
    const error: unknown = await createRelay({ port: 0, storage: 'memory:', ...options }).catch(
      (reason: unknown) => reason,
    );
    expect(codeOf(error)).toBe('RELAY_SETTING_INVALID');
  });
});

describe('closing', () => {
  it('disconnects the clients with a reason, keeps accepted content, and is idempotent', async () => {
    const storage = `pglite:${await createStorage()}`;
    const relay = await startRelay({ storage });
    const client = await openRawClient(relay.url);
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    for (let count = 0; count < 500; count++) mine.set('count', count, 'trusting');
    await confirmed(alice, mine);
    await Promise.all([relay.close(), relay.close()]);
    expect(client.received.at(-1)).toMatchObject({ maia: 'refused', code: 'draining', closing: true });
    await until(() => expect(client.closeCode).toBe(1012));
    await expect(fetch(`${relay.url}/health`)).rejects.toThrow();

    const again = await startRelay({ storage });
    const bob = await createStockClient(again.url);
    await until(async () => expect((await loadMap(bob, mine)).get('count')).toBe(499));
  });

  it('waits for the commit of accepted content and acknowledges it', async () => {
    const { relay, gate } = await startGatedRelay();
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    gate.close();
    mine.set('word', 'last');
    await until(() => expect(gate.waiting).toBe(1));
    const closed = relay.close();
    gate.open();
    await confirmed(alice, mine);
    await closed;
  });

  it('gives up on a client that does not disconnect and on a storage that does not commit', async () => {
    const warnings: string[] = [];
    const logger: Logger = { debug() {}, warn: (message) => warnings.push(message) };
    const { relay, gate } = await startGatedRelay({ drainMs: 300, logger });
    const client = await openRawClient(relay.url);
    client.socket.pause();
    const alice = await createStockClient(relay.url);
    gate.setFull(true);
    createSharedMap(alice);
    await until(async () => expect((await readHealth(relay)).code).toBe(503));
    await relay.close();
    expect(warnings.join()).toContain('before it could store all content');
  });
});
