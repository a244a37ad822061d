import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { until } from '../../../../test/support/until.ts';
import { readBody } from './read-body.ts';

/** Sends a body in chunks of this length, and returns what is read and the most memory that was reported. */
async function read(chunkBytes: number, count: number) {
  const request = Object.assign(new PassThrough({ highWaterMark: 0 }), { headers: {} });
  let mostBytes = 0;
  const body = readBody(request as unknown as IncomingMessage, {
    maxBytes: 1_000_000,
    waitMs: 30_000,
    clock: createFakeClock(),
    arrived(bytes) {
      mostBytes = Math.max(mostBytes, bytes);
      return undefined;
    },
  });
  for (let index = 0; index < count; index++) request.write(Buffer.alloc(chunkBytes));
  request.end();
  return { body: await body, mostBytes };
}

it('[RELAY-35] reads a body of few chunks, however short, and counts the memory of each', async () => {
  const { body, mostBytes } = await read(1, 1_000);
  expect(body).toHaveLength(1_000);
  expect(mostBytes).toBeGreaterThan(100_000);
});

it('reads a long body in chunks of a network', async () => {
  expect((await read(500, 1_900)).body).toHaveLength(950_000);
});

it('[RELAY-33] refuses a body of too many short chunks', async () => {
  expect((await read(1, 2_000)).body).toBe('too many chunks');
});

/** A body that comes bit by bit. */
function slowBody(arrived: () => Promise<void> | undefined = () => undefined, signal?: AbortSignal) {
  const request = Object.assign(new PassThrough(), { headers: {}, complete: false });
  const clock = createFakeClock();
  const limits = { maxBytes: 10_000_000, waitMs: 30_000, clock, arrived, ...(signal && { signal }) };
  const body = readBody(request as unknown as IncomingMessage, limits);
  const send = async (bytes: number) => {
    request.write(Buffer.alloc(bytes));
    await until(() => request.readableLength === 0);
  };
  return { body, clock, send, request };
}

it('[RELAY-33] ends a body that was fast and then stalls', async () => {
  const { body, clock, send } = slowBody();
  await send(5_000_000);
  clock.advance(30_000);
  expect(await Promise.race([body, Promise.resolve('waiting')])).toBe('too slow');
});

it('reads on from a slow client, and from one that had to wait', async () => {
  let goOn = () => {};
  let mayWait = false;
  const { body, clock, send, request } = slowBody(() =>
    mayWait ? new Promise<void>((resolve) => (goOn = resolve)) : undefined,
  );
  for (let count = 0; count < 50; count++) {
    await send(100_000);
    clock.advance(9_000);
  }
  mayWait = true;
  await send(1_000);
  clock.advance(3_600_000);
  mayWait = false;
  goOn();
  request.end();
  expect(await body).toHaveLength(5_001_000);
});

it('ends a body that is not complete by a signal', async () => {
  const ending = new AbortController();
  const { body, clock } = slowBody(undefined, ending.signal);
  ending.abort();
  expect(await body).toBe('broken');
  expect(clock.waiting).toBe(0);
});
