import { expect, it } from 'vitest';
import { openSessionNode } from '../../../test/support/engine/session-nodes.ts';
import { createInstantPacer } from '../../../test/support/instant-pacer.ts';
import { createReadable } from '../../base/readable.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Profile } from '../app-calls.ts';
import { createNameView } from './name-view.ts';

/** A view, and the times at which it reports changes. Each report takes so long. */
async function openView({ takesMs = 0 } = {}) {
  const clock = createFakeClock();
  const profile = createReadable<Profile>({});
  const times: number[] = [];
  let tookMs = 0;
  const elapsedMs = () => clock.elapsedMs() + tookMs;
  const view = createNameView({
    ...{ node: await openSessionNode(1), accountID: 'co_zAda', profile },
    clock: { after: clock.after, elapsedMs },
    lane: createInstantPacer().lane<() => void>((begin) => begin()),
    limit: { watch: () => {} },
    introduce: () => {},
    changed() {
      times.push(elapsedMs());
      tookMs += takesMs;
    },
  });
  /** A name arrives every 10 ms. */
  function receive(count: number): void {
    for (let index = 0; index < count; index++) {
      profile.set({ name: `Ada ${index}` });
      clock.advance(10);
    }
  }
  return { view, clock, times, receive };
}

it('reports names at once, and at most every 100 ms', async () => {
  const { clock, times, receive } = await openView();
  receive(25);
  clock.advance(1_000);
  expect(times).toEqual([0, 100, 200, 300]);
  receive(1);
  expect(times.at(-1)).toBe(1_250);
});

it('reports names after pauses as long as the report before took', async () => {
  const { times, receive } = await openView({ takesMs: 400 });
  receive(100);
  expect(times).toEqual([0, 800, 1_600]);
});

it('reports nothing once it is closed', async () => {
  const { view, clock, times, receive } = await openView();
  receive(2);
  view.close();
  clock.advance(1_000);
  expect(times).toEqual([0]);
});
