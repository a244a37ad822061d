import { expect, it } from 'vitest';
import { serveStub } from '../../../test/support/relay/serve-stub.ts';

it.each([
  [0, 500],
  [0.5, 1_000],
  [0.999, 1_499],
])('[RELAY-43] spreads the return of refused clients: with %d, %d ms', (random, retryAfterMs) => {
  const { connection, sent } = serveStub({ random: () => random });
  connection.refuse('draining', 'The relay is stopping.', 1_000);
  expect(JSON.parse(sent.at(-1) ?? '')).toMatchObject({ maia: 'refused', code: 'draining', retryAfterMs });
});
