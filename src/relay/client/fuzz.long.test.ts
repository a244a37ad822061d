import type { RawCoMap } from 'cojson';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { isKernelError } from '../../base/kernel-error.ts';
import { readMessage } from '../../wire/frames.ts';
import type { Relay } from '../index.ts';
import { createRandom } from '../../base/seeded-random.ts';
import { mutatedMessage, randomMessage } from '../../../test/support/relay/random-frames.ts';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  openRelay,
  readHealth,
} from '../../../test/support/relay/test-relay.ts';

const seed = 20261120;
const framesPerKind = 1_000;
const clientCount = 25;

let relay: Relay;
beforeAll(async () => {
  relay = await openRelay({ storage: 'memory:' });
});
afterAll(() => relay.close());

/** Sends each frame followed by an echo, and waits until the relay answers the echo or closes the connection. */
async function send(frames: readonly string[], from: number): Promise<number> {
  let refusedCount = 0;
  let index = from;
  while (index < frames.length) {
    const socket = new WebSocket(`${relay.url}/sync`, { perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        const frame = frames[index];
        if (frame === undefined) return void socket.close();
        index += clientCount;
        socket.send(frame);
        socket.send('{"maia":"echo","t":1}');
      };
      socket.on('open', next);
      socket.on('message', (data: Buffer) => {
        const text = data.toString('utf8');
        if (text.includes('"echoed"')) next();
        if (text.includes('"closing":true')) refusedCount++;
      });
      // A relay that closes during a write breaks the pipe.
      socket.on('error', (error) => (socket.readyState === socket.CONNECTING ? reject(error) : undefined));
      socket.on('close', resolve);
    });
  }
  return refusedCount;
}

function isAccepted(frame: string): boolean {
  try {
    readMessage(frame);
    return true;
  } catch (error) {
    if (isKernelError(error, 'MESSAGE_INVALID')) return false;
    throw error;
  }
}

const knownState = ['id', 'header', 'sessions'];
const samples = {
  load: { parts: knownState, of: ({ core }: RawCoMap) => core.knownState() },
  known: {
    parts: [...knownState, 'isCorrection', 'asDependencyOf'],
    of: ({ core }: RawCoMap) => ({ ...core.knownState(), isCorrection: true }),
  },
  content: {
    parts: ['id', 'header', 'priority', 'new', 'expectContentUntil'],
    of: ({ core }: RawCoMap) => core.newContentSince(undefined)?.[0] ?? {},
  },
  done: { parts: ['id'], of: ({ id }: RawCoMap) => ({ id }) },
  reconcile: { parts: ['id', 'values'], of: ({ id }: RawCoMap) => ({ id: 'batch', values: [[id, 'hash']] }) },
  'reconcile-ack': { parts: ['id'], of: () => ({ id: 'batch' }) },
};

it.each(Object.entries(samples))(
  `[RELAY-17] "%s" in ${framesPerKind} random and ${framesPerKind} mutated forms (seed ${seed}) ends nothing, and costs a good client no edit`,
  async (action, { parts, of }) => {
    const random = createRandom(seed);
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const mine = createSharedMap(alice);
    await confirmed(alice, mine);
    const all = Array.from({ length: framesPerKind }, () => [
      randomMessage(action, parts, random),
      mutatedMessage({ action, ...of(mine) }, random),
    ]).flat();
    // A frame that validation refuses ends its connection, always in the same way: a sample is enough.
    const frames = all.filter((frame, index) => isAccepted(frame) || index % 10 < 2);

    let isSending = true;
    const sending = Promise.all(Array.from({ length: clientCount }, (_, from) => send(frames, from))).finally(
      () => (isSending = false),
    );
    let count = 0;
    do {
      mine.set('count', ++count);
      await confirmed(alice, mine);
    } while (isSending);
    const refusedCount = (await sending).reduce((sum, one) => sum + one, 0);

    expect(refusedCount).toBeGreaterThan(framesPerKind / 10);
    expect((await loadMap(bob, mine)).get('count')).toBe(count);
    expect((await readHealth(relay)).code).toBe(200);
  },
);
