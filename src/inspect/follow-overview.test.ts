import { expect, test } from 'vitest';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createFakeSync } from '../../test/support/sync/fake-sync.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { followOverview } from './follow-overview.ts';

async function setUp() {
  const clock = createFakeClock();
  const sync = createFakeSync(await createAccountNode(), clock.nowMs());
  let noted = 0;
  const overview = followOverview({
    ...{ sync, isStock: false, clock },
    note() {
      noted++;
      return [];
    },
  });
  const told: number[] = [];
  overview.subscribe(({ rungs }) => told.push(rungs.confirmed.pending));
  const wait = (pending: number) =>
    sync.setState({ confirmed: { known: true, pending, oldestSinceMs: clock.nowMs() } });
  return { clock, overview, told, wait, noted: () => noted };
}

test('is always current, and notes each change synchronously', async () => {
  const { overview, wait, noted } = await setUp();
  const before = noted();
  for (const pending of [1, 2, 3]) {
    wait(pending);
    expect(overview.current.rungs.confirmed.pending).toBe(pending);
  }
  expect(noted() - before).toBe(3);
  expect(overview.current).toBe(overview.current);
});

test('notifies subscribers at most four times a second, with the latest state', async () => {
  const { clock, told, wait } = await setUp();
  for (const pending of [1, 2, 3]) wait(pending);
  expect(told).toEqual([0]);
  clock.advance(250);
  expect(told).toEqual([0, 3]);
  clock.advance(1_000);
  expect(told).toEqual([0, 3]);
});

test('notifies a new subscriber at once, and the others too', async () => {
  const { overview, told, wait } = await setUp();
  wait(4);
  const others: number[] = [];
  overview.subscribe(({ rungs }) => others.push(rungs.confirmed.pending));
  expect(others).toEqual([4]);
  expect(told).toEqual([0, 4]);
});

test('notifies no one once it is closed', async () => {
  const { clock, overview, told, wait } = await setUp();
  wait(1);
  overview.close();
  wait(2);
  clock.advance(1_000);
  expect(told).toEqual([0]);
  expect(clock.waiting).toBe(0);
});
