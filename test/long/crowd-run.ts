import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { expect } from 'vitest';
import { startMeasuredRelay } from '../support/relay/measured-relay.ts';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { createStockClient } from '../support/relay/stock-client.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { confirmed, createSharedMap, loadMap } from '../support/relay/test-relay.ts';
import { until } from '../support/until.ts';

export interface CrowdFigures {
  /** Bytes of the process that one more client costs. */
  readonly bytesEach: number;
  /** Of heap and external memory over the whole time, as a share of what it was. */
  readonly growth: number;
  /** How long it took until all clients were served after they reconnected at once. */
  readonly reconnectedMs: number;
  /** The 99th percentile of the delay of the relay's event loop, over the whole run. */
  readonly loopP99Ms: number;
}

export interface Crowd {
  readonly clients: number;
  readonly seconds: number;
  readonly editsPerSecond: number;
}

const atATime = 100;
// One machine plays all clients.
const raisedLimits = [
  'connections=20000',
  'connectionsPerAddress=20000',
  'newConnectionsPerMinute=1000000',
].flatMap((limit) => ['--limit', limit]);

/**
 * Clients that follow one CoValue, and say nothing else, while two others work. Fails if one of them is disconnected or
 * misses an edit, at first or after all have reconnected at once.
 */
export async function runCrowd({ clients, seconds, editsPerSecond }: Crowd): Promise<CrowdFigures> {
  const storage = `--storage=pglite:${await createStorage()}`;
  const relay = await startMeasuredRelay(await bundleRelay(), storage, ...raisedLimits);
  const alice = await createStockClient(relay.url);
  const [followed, worked] = [createSharedMap(alice), createSharedMap(alice)];
  await confirmed(alice, followed);
  await confirmed(alice, worked);
  const bob = await createStockClient(relay.url);
  const seen = await loadMap(bob, worked);

  await relay.measure();
  const alone = await relay.measure();
  const crowd: Follower[] = [];
  while (crowd.length < clients) {
    const batch = Array.from({ length: Math.min(atATime, clients - crowd.length) }, () =>
      follow(relay.url, followed.id),
    );
    for (const follower of batch) await follower.isServed;
    crowd.push(...batch);
  }
  await relay.measure();
  const before = await relay.measure();

  for (let count = 1; count <= seconds * editsPerSecond; count++) {
    worked.set('word', `${count}`, 'trusting');
    await pause(1_000 / editsPerSecond);
  }
  await confirmed(alice, worked);
  await until(() => expect(seen.get('word')).toBe(worked.get('word')));
  await relay.measure();
  const after = await relay.measure();

  followed.set('word', 'second', 'trusting');
  await until(() => expect(crowd.filter(({ heard }) => heard() === 0)).toEqual([]), 60_000);
  expect(crowd.filter(({ isOpen }) => !isOpen())).toEqual([]);

  for (const follower of crowd) follower.close();
  const startedMs = performance.now();
  const again = crowd.map(() => follow(relay.url, followed.id));
  for (const follower of again) await follower.isServed;
  const reconnectedMs = performance.now() - startedMs;
  followed.set('word', 'third', 'trusting');
  await until(() => expect(again.filter(({ heard }) => heard() === 0)).toEqual([]), 60_000);
  const metrics = await (await fetch(`${relay.url}/metrics`)).text();
  for (const follower of again) follower.close();
  return {
    bytesEach: (before.residentBytes - alone.residentBytes) / clients,
    growth: after.heldBytes / before.heldBytes - 1,
    reconnectedMs,
    loopP99Ms: 1_000 * Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(metrics)?.[1]),
  };
}

interface Follower {
  /** Resolves once the relay has answered its load. */
  readonly isServed: Promise<void>;
  /** How much content arrived after that answer. */
  heard(): number;
  isOpen(): boolean;
  close(): void;
}

function follow(url: string, id: string): Follower {
  const socket = new WebSocket(`${url}/sync`, { perMessageDeflate: false });
  let heard = -1;
  const isServed = new Promise<void>((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify({ action: 'load', id, header: false, sessions: {} })));
    socket.on('error', reject);
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString('utf8').split('\n')) {
        if (!line.includes('"action":"content"') || !line.includes(id)) continue;
        heard++;
        resolve();
      }
    });
  });
  return {
    isServed,
    heard: () => heard,
    isOpen: () => socket.readyState === socket.OPEN,
    close: () => socket.terminate(),
  };
}
