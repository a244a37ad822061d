import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { watchKilledTabs, type KilledTabs } from './killed-tabs.ts';
import { createOtherTabs, tabOf, type OtherTabs } from './other-tabs.ts';

const [own, other] = ['co_zA_session_zOwn', 'co_zA_session_zOther'];
let clock: FakeClock;
let others: OtherTabs;
let held: readonly string[] | undefined;
let reads: number;
let killed: number;
let watching: KilledTabs;

beforeEach(() => {
  clock = createFakeClock();
  others = createOtherTabs(own);
  others.seen(other);
  [held, reads, killed] = [[own, other], 0, 0];
  watching = watchKilledTabs({
    clock,
    others,
    heldSessionIDs() {
      reads++;
      return held ? Promise.resolve(held) : Promise.reject(new Error('no locks'));
    },
    onKilled: () => void killed++,
  });
});
afterEach(() => watching.close());

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
}

describe('a tab that was killed', () => {
  it('[TABS-3] is noticed within half a second, while something is left to it', async () => {
    watching.watch();
    await pass(1_000);
    watching.watch();
    held = [own];
    await pass(500);
    expect([killed, others.present.has(tabOf(other))]).toEqual([1, false]);
  });

  it('[TABS-3] is noticed although it was killed before anything was left to it', async () => {
    watching.appeared();
    await pass(100);
    held = [own];
    watching.watch();
    await pass(100);
    expect([killed, others.present.has(tabOf(other))]).toEqual([1, false]);
  });

  it('is not looked for while nothing is left to another tab', async () => {
    await pass(5_000);
    expect(reads).toBe(0);
    watching.watch();
    await pass(5_000);
    expect(reads).toBeLessThanOrEqual(4);
    expect(clock.waiting).toBe(0);
    watching.watch();
    watching.close();
    await pass(5_000);
    expect(reads).toBeLessThanOrEqual(5);
  });

  it('is not confused with one that needs no lock, or with a browser that cannot list locks', async () => {
    held = [own];
    watching.watch();
    await pass(500);
    held = undefined;
    await pass(500);
    held = [];
    await pass(500);
    expect([killed, others.present.has(tabOf(other))]).toEqual([0, true]);
  });
});
