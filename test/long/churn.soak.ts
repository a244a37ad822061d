import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startMeasuredRelay } from '../support/relay/measured-relay.ts';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { createStockClient } from '../support/relay/stock-client.ts';
import { confirmed, createSharedMap } from '../support/relay/test-relay.ts';
import { dialBare, upgrade } from './attacks/sockets.ts';
import { until } from '../support/until.ts';

const connectionCount = 10_000;
const atATime = 100;
const MB = 1_000_000;

/** Opens a connection up to a stage that depends on `index`, then closes or resets it. */
async function openAndDrop(url: string, index: number): Promise<void> {
  const socket = await dialBare(url);
  const kind = index % 4;
  if (kind > 0) socket.write(upgrade);
  // Of four, one sends nothing, one is dropped during its handshake, and two become clients.
  if (kind > 1) await once(socket, 'data');
  if (index % 8 < 4) socket.resetAndDestroy();
  else socket.destroy();
}

it(
  `a relay forgets ${connectionCount} connections that were opened and dropped, while somebody works`,
  { timeout: 300_000 },
  async () => {
    const relay = await startMeasuredRelay(await bundleRelay(), `--storage=pglite:${await createStorage()}`);
    const alice = await createStockClient(relay.url);
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const connections = async () => {
      const health = (await (await fetch(`${relay.url}/health`)).json()) as { connections: number };
      return health.connections;
    };
    const openFiles = async () => (await readdir(`/proc/${relay.pid}/fd`).catch(() => [])).length;
    async function churn(count: number): Promise<void> {
      for (let done = 0; done < count; done += atATime) {
        await Promise.all(Array.from({ length: atATime }, (_, index) => openAndDrop(relay.url, index)));
        mine.set('done', done);
        await confirmed(alice, mine);
      }
      await until(async () => expect(await connections()).toBe(1));
    }

    // Excludes memory that the first connections allocate once.
    await churn(1_000);
    await relay.measure();
    const [before, filesBefore] = [await relay.measure(), await openFiles()];
    await churn(connectionCount);
    const after = await relay.measure();
    console.log(
      `${connectionCount} connections dropped: heap and external memory ${((after.heldBytes - before.heldBytes) / MB).toFixed(1)} MB more, ` +
        `resident ${((after.residentBytes - before.residentBytes) / MB).toFixed(1)} MB more`,
    );
    expect(after.heldBytes - before.heldBytes).toBeLessThan(8 * MB);
    await until(async () => expect(await openFiles()).toBeLessThanOrEqual(filesBefore + 5), 10_000);
  },
);
