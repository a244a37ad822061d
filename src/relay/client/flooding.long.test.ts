import { once } from 'node:events';
import { beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startMeasuredRelay, type MeasuredRelay } from '../../../test/support/relay/measured-relay.ts';
import { bundleRelay } from '../../../test/support/relay/relay-process.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { confirmed, createSharedMap } from '../../../test/support/relay/test-relay.ts';

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

/** Asks for CoValues that nobody has, in frames of `perFrame`. */
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

/** Until the relay takes no more: it has let the client go, or waits for it to read. */
async function untilNoMoreIsTaken(socket: WebSocket, relay: MeasuredRelay): Promise<number> {
  let most = 0;
  let left = Infinity;
  let sameCount = 0;
  await vi.waitFor(
    async () => {
      most = Math.max(most, (await relay.measure()).residentBytes);
      sameCount = socket.bufferedAmount === left ? sameCount + 1 : 0;
      left = socket.bufferedAmount;
      expect(sameCount).toBeGreaterThan(5);
    },
    { timeout: 20_000, interval: 50 },
  );
  return most;
}

it.each([
  ['loads one by one, by a client that reads nothing', 1, false, load],
  ['loads in large frames, by a client that reads nothing', 50_000, false, load],
  ['loads in frames, by a client that reads', 1_000, true, load],
  ['questions in large frames, by a client that reads nothing', 50_000, false, inspect],
  ['questions in frames, by a client that reads', 1_000, true, inspect],
])(
  'being asked 200,000 times for what nobody has does not fill it: %s',
  { timeout: 30_000 },
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
    await vi.waitFor(
      async () => {
        expect((await relay.measure()).heldBytes - before.heldBytes).toBeLessThan(8 * MB);
      },
      { timeout: 8_000, interval: 200 },
    );
  },
);
