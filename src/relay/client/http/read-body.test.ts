import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createFakeClock } from '../../../testing/fake-clock.ts';
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
