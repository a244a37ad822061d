import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createReadTurns } from '../client/reading/read-turns.ts';
import { StatelessRefusal } from './refusal.ts';
import { openPace } from './request-pace.ts';

function pace() {
  const clock = createFakeClock();
  let refusal: StatelessRefusal | undefined;
  const memory = {
    received() {},
    loaded() {},
    checkShare() {},
    check() {
      if (refusal) throw refusal;
    },
  };
  const opened = openPace({ clock, turns: createReadTurns(clock.elapsedMs, clock.after) }, memory);
  return { ...opened, clock, refuse: (one: StatelessRefusal) => (refusal = one) };
}

it('[RELAY-68] takes turns until 30 s have passed, or memory is short', async () => {
  const { clock, inTurn } = pace();
  expect(await inTurn(() => 1)).toBe(1);
  await expect(inTurn(() => expect.unreachable())).rejects.toThrow();
  clock.advance(30_000);
  let isRun = false;
  await expect(inTurn(() => (isRun = true))).rejects.toMatchObject({ code: 'limit' });
  expect(isRun).toBe(false);
  const other = pace();
  const refusal = new StatelessRefusal('limit', 'Short.');
  other.refuse(refusal);
  await expect(other.inTurn(() => 1)).rejects.toBe(refusal);
  other.close();
  expect(other.clock.waiting).toBe(0);
});
