import { once } from 'node:events';
import { beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startMeasuredRelay, type MeasuredRelay } from '../../../test/support/relay/measured-relay.ts';
import { bundleRelay } from '../../../test/support/relay/relay-process.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { confirmed, createSharedMap } from '../../../test/support/relay/test-relay.ts';
import { until } from '../../../test/support/until.ts';

const MB = 1_000_000;
const loadCount = 200_000;

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
});

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function unknownID(index: number): string {
  let id = '';
  for (let rest = index; id.length < 24; rest = Math.floor(rest / 58)) id += alphabet.charAt(rest % 58);
  return `co_z${id}`;
}

const load = (id: string) => ({ action: 'load', id, header: false, sessions: {} });
const inspect = (id: string) => ({ maia: 'inspect', ask: 1, id });

/** Requests nonexistent CoValues, in frames of `perFrame` messages. */
async function flood(
  url: string,
  perFrame: number,
  isReading: boolean,
  ask: (id: string) => object,
): Promise<WebSocket> {
  const socket = new WebSocket(`${url}/sync`, { perMessageDeflate: false });
  socket.on('error', () => {});
  await once(socket, 'open');
  if (!isReading) socket.pause();
  for (let from = 0; from < loadCount; from += perFrame) {
    const lines = Array.from({ length: perFrame }, (_, index) =>
      JSON.stringify(ask(unknownID(from + index))),
    );
    socket.send(lines.join('\n'));
  }
  return socket;
}

/** Resolves once the relay stops reading: it has disconnected the client or is waiting for the client to read. */
async function untilNoMoreIsTaken(socket: WebSocket, relay: MeasuredRelay): Promise<number> {
  let most = 0;
  let left = Infinity;
  let sameCount = 0;
  await until(async () => {
    most = Math.max(most, (await relay.measure()).residentBytes);
    sameCount = socket.bufferedAmount === left ? sameCount + 1 : 0;
    left = socket.bufferedAmount;
    expect(sameCount).toBeGreaterThan(5);
  });
  return most;
}

it.each([
  ['loads in single frames from a client that reads nothing', 1, false, load],
  ['loads in large frames from a client that reads nothing', 50_000, false, load],
  ['loads in frames from a client that reads', 1_000, true, load],
  ['queries in large frames from a client that reads nothing', 50_000, false, inspect],
  ['queries in frames from a client that reads', 1_000, true, inspect],
])(
  '200,000 requests for missing CoValues do not fill the memory of a relay: %s',
  async (_, perFrame, isReading, ask) => {
    const relay = await startMeasuredRelay(script, '--storage=memory:', '--inspect');
    const alice = await createStockClient(relay.url);
    await confirmed(alice, createSharedMap(alice));
    await relay.measure();
    const before = await relay.measure();

    const socket = await flood(relay.url, perFrame, isReading, ask);
    const most = await untilNoMoreIsTaken(socket, relay);
    await confirmed(alice, createSharedMap(alice));
    expect(most - before.residentBytes).toBeLessThan(64 * MB);

    socket.terminate();
    await until(async () => {
      expect((await relay.measure()).heldBytes - before.heldBytes).toBeLessThan(8 * MB);
    });
  },
);
