import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { discardBody } from './discard-body.ts';

function discard() {
  const clock = createFakeClock();
  const body = new PassThrough();
  let isFinished = false;
  const finished = discardBody(body as unknown as IncomingMessage, clock).then(() => (isFinished = true));
  return { clock, body, finished, isFinished: () => isFinished };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('[RELAY-68] reads the rest of a body', async () => {
  const { body, finished, isFinished, clock } = discard();
  for (let count = 0; count < 10; count++) {
    body.write(Buffer.alloc(1_000_000));
    await turn();
    expect(body.readableLength + body.writableLength).toBe(0);
  }
  expect(isFinished()).toBe(false);
  body.end();
  await finished;
  expect(clock.waiting).toBe(0);
});

it('[RELAY-68] reads it for two seconds', async () => {
  const { body, finished, isFinished, clock } = discard();
  body.write('a');
  clock.advance(1_999);
  await turn();
  expect(isFinished()).toBe(false);
  clock.advance(1);
  await finished;
  body.write('b');
  await turn();
  expect(body.readableLength).toBe(1);
});

it('[RELAY-68] reads at most 20 MB of it', async () => {
  const { body, finished, isFinished, clock } = discard();
  for (let count = 0; count < 20; count++) body.write(Buffer.alloc(1_000_000));
  await turn();
  expect(isFinished()).toBe(false);
  body.write(Buffer.alloc(1));
  await finished;
  expect(clock.waiting).toBe(0);
});

it('[RELAY-68] ends with the client', async () => {
  const { body, finished, clock } = discard();
  body.destroy(new Error('It is gone.'));
  await finished;
  expect(clock.waiting).toBe(0);
});
