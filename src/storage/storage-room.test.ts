import { expect, it } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createStorageRoom, type Room } from './storage-room.ts';

function setUp(isPersisted: boolean) {
  const asked: string[] = [];
  const told: Room[] = [];
  const clock = createFakeClock();
  const answer = <T>(what: string, value: T) => {
    asked.push(what);
    return Promise.resolve(value);
  };
  const room = createStorageRoom({
    manager: {
      estimate: () => answer('estimate', { usage: 5, quota: 10 }),
      persisted: () => answer('persisted', isPersisted),
      persist: () => answer('persist', true),
    },
    clock,
    told: (more) => told.push(more),
  });
  return { asked, told, clock, room };
}
const answered = () => new Promise((resolve) => setTimeout(resolve));

it('a look tells how much there is and whether it is kept, at most once a minute, and asks nobody for anything', async () => {
  const { asked, told, clock, room } = setUp(false);
  room.look();
  room.look();
  await answered();
  expect(told.at(-1)).toEqual({ usedBytes: 5, quotaBytes: 10, persisted: false });
  expect(asked).toEqual(['estimate', 'persisted']);
  clock.advance(60_000);
  room.look();
  expect(asked).toEqual(['estimate', 'persisted', 'estimate', 'persisted']);
});

it.each([
  [false, ['persisted', 'persist']],
  [true, ['persisted']],
])('the browser is asked to keep it once; kept already: %s', async (isPersisted, questions) => {
  const { asked, told, room } = setUp(isPersisted);
  room.keep();
  room.keep();
  await answered();
  expect(asked).toEqual(questions);
  expect(told.at(-1)).toEqual({ persisted: true });
});
