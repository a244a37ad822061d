import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgentNode } from '../../test/support/sync/stock-relay.ts';
import { startMemorySync } from '../../test/support/sync/start-memory-sync.ts';
import { createSharedMap } from '../../test/support/relay/test-relay.ts';
import { memoryTemplate } from '../../test/support/relay/temporary-storage.ts';
import { until } from '../../test/support/until.ts';
import { openMemoryDatabase } from '../relay/relay.ts';
import { startTestRelay, type TestRelay } from './test-relay.ts';

const ends: (() => unknown)[] = [];
let relay: TestRelay;

beforeAll(async () => {
  relay = await startTestRelay(async () => openMemoryDatabase({ template: await memoryTemplate() }));
});
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await relay.close();
});

async function device() {
  const node = await createAgentNode();
  const sync = startMemorySync(node, { url: relay.url });
  ends.push(() => sync.close());
  return { node, sync };
}

/** Makes a map that the relay has, on a device that is gone. */
async function storedMap() {
  const { node, sync } = await device();
  const map = createSharedMap(node);
  await sync.whenConfirmed();
  await sync.close();
  return map.id;
}

async function isAtRelay(id: Awaited<ReturnType<typeof storedMap>>): Promise<boolean> {
  const { node, sync } = await device();
  await until(() => sync.current.peers[0]?.phase === 'connected');
  const isThere = (await node.load(id, true)) !== 'unavailable';
  await sync.close();
  return isThere;
}

describe('a relay for tests', () => {
  it('[TEST-1] keeps what it has, and its address, when it restarts', async () => {
    const id = await storedMap();
    const { url } = relay;
    await relay.restart();
    expect(relay.url).toBe(url);
    expect(await isAtRelay(id)).toBe(true);
  });

  it('[TEST-1] loses what it has when it is wiped, and keeps its address', async () => {
    const id = await storedMap();
    await relay.wipe();
    expect(await isAtRelay(id)).toBe(false);
  });

  it('[TEST-1] disconnects its clients when it restarts or is wiped, and they fill it again', async () => {
    const { node, sync } = await device();
    const map = createSharedMap(node);
    await sync.whenConfirmed();
    const connectedSinceMs = () => {
      const [peer] = sync.current.peers;
      return peer?.phase === 'connected' ? peer.sinceMs : undefined;
    };
    const before = connectedSinceMs();
    await Promise.all([relay.wipe(), relay.restart()]);
    sync.reconnect();
    await until(() => connectedSinceMs() !== undefined && connectedSinceMs() !== before);
    await sync.whenConfirmed();
    expect(await isAtRelay(map.id)).toBe(true);
  });

  it('[TEST-5] is away from stop to start, and then has what it had, at the same address', async () => {
    const id = await storedMap();
    await Promise.all([relay.stop(), relay.stop()]);
    await expect(fetch(relay.url)).rejects.toThrow('fetch failed');
    const { node, sync } = await device();
    const map = createSharedMap(node);
    await until(() => sync.current.peers[0]?.phase === 'waiting');
    expect(sync.current.confirmed.pending).toBeGreaterThan(0);
    await Promise.all([relay.start(), relay.start()]);
    sync.reconnect();
    await sync.whenConfirmed();
    expect([await isAtRelay(id), await isAtRelay(map.id)]).toEqual([true, true]);
  });

  it.each(['restart', 'wipe'] as const)(
    '[TEST-5] is there again after %s, although it was stopped',
    async (act) => {
      await relay.stop();
      await relay[act]();
      expect(await isAtRelay(await storedMap())).toBe(true);
    },
  );

  it('cannot start again once it is closed, which is safe to do twice', async () => {
    const closed = await startTestRelay(async () => openMemoryDatabase({ template: await memoryTemplate() }));
    await Promise.all([closed.restart(), closed.close(), closed.close()]);
    const error = { code: 'RELAY_UNREACHABLE', message: expect.stringContaining(closed.url) as string };
    await expect(closed.restart()).rejects.toMatchObject(error);
    await expect(closed.wipe()).rejects.toMatchObject(error);
    await expect(closed.start()).rejects.toMatchObject(error);
    await expect(fetch(closed.url)).rejects.toThrow('fetch failed');
  });
});
