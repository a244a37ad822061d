import { expect, it } from 'vitest';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { createReadTurns } from '../../client/reading/read-turns.ts';
import { createPush } from './push.ts';
import { StatelessRefusal } from '../refusal.ts';
import { createPlaces } from '../request-places.ts';

it('[RELAY-68] bodies that take long to parse and are refused leave time for other clients', async () => {
  const clock = createFakeClock();
  const push = createPush({
    ...{ clock, turns: createReadTurns(clock.elapsedMs, clock.after) },
    ...{ memory: { limitBytes: 1_000_000_000 }, storage: { refusal: () => undefined } },
    hindrance: () => undefined,
  } as never);
  const places = createPlaces(32);
  const { signal } = new AbortController();
  const memory = { received() {}, loaded() {}, check() {}, checkShare() {} };
  let parsedCount = 0;
  const refused = Array.from({ length: 3 }, async () => {
    const sender = { principal: undefined, check() {} };
    const context = { memory, place: places.enter('a', signal), sender, rights: undefined };
    const parse = () => {
      parsedCount++;
      clock.advance(50);
      throw new StatelessRefusal('invalid', 'It is none.');
    };
    await expect(push(parse, context)).rejects.toMatchObject({ code: 'invalid' });
  });
  const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  for (let count = 0; count < 5; count++) await settled();
  expect(parsedCount).toBe(2);
  // Two parses have taken 100 ms, and the first one rests until 200.
  clock.advance(99);
  for (let count = 0; count < 5; count++) await settled();
  expect(parsedCount).toBe(2);
  clock.advance(1);
  for (let count = 0; count < 5; count++) await settled();
  expect(parsedCount).toBe(3);
  clock.advance(1_000);
  await Promise.all(refused);
});
