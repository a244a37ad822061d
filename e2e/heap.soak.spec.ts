import { addAuthenticator } from './support/authenticator.ts';
import { createHeapReader, type Heap } from './support/heap.ts';
import { expect, test } from './support/test.ts';

// One page signs in, edits, closes, resumes, edits and signs out, again and again, and must leak nothing.

/** Rounds until the browser has compiled the code that runs often. */
const warmUps = 4;
const rounds = 10;
/** A page that keeps its sessions grows by 400 kB per round; one that does not, by 10 kB or less. */
const mostBytesPerRound = 100_000;

const ours = ['LocalNode', 'CoValueCore'].map((name) => `roundsApp.classes.${name}`);
const browsers = ['WebSocket', 'IDBDatabase', 'BroadcastChannel'];
/** The classes of objects that a leak would consist of. */
const anything = ['Function', 'Map', 'Set', 'Promise', 'Object', 'AbortController'];

/** By least squares, in bytes per round. */
function slopeOf(sizes: readonly number[]): number {
  const middle = (sizes.length - 1) / 2;
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const along = sizes.reduce((sum, size, at) => sum + (at - middle) * (size - mean), 0);
  return along / sizes.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
}

test(`the heap is flat over ${rounds} rounds of signing in and out`, async ({ page, app, relay }) => {
  test.setTimeout(300_000);
  const url = `ws://localhost:${relay.port}/sync`;
  await addAuthenticator(page);
  await page.goto(`${app.origin}/rounds.html`);
  await page.waitForFunction(() => 'roundsApp' in globalThis);
  const heap = await createHeapReader(page, [...ours, ...browsers, ...anything]);
  const round = () => page.evaluate((address) => roundsApp.round(address), url);

  await page.evaluate((address) => roundsApp.signUp(address), url);
  for (let count = 0; count < warmUps; count++) await round();
  const before = await heap.read();
  const sizes: number[] = [];
  let after = before;
  for (let count = 0; count < rounds; count++) {
    await round();
    after = await heap.read();
    sizes.push(after.bytes);
  }

  const of = ({ counts }: Heap, names: readonly string[]) => names.map((name) => [name, counts[name]]);
  const none = [...ours, ...browsers].map((name) => [name, 0]);
  /** Classes with at least one leaked object per round. Polled, because objects may wait for pending timers. */
  const grown = async () => {
    after = await heap.read();
    return anything.filter((name) => (after.counts[name] ?? 0) - (before.counts[name] ?? 0) >= rounds);
  };
  await expect.poll(grown).toEqual([]);
  expect(of(after, [...ours, ...browsers])).toEqual(none);
  expect(after.listeners).toBe(before.listeners);
  expect(slopeOf(sizes)).toBeLessThan(mostBytesPerRound);
  console.log(`heap after each round: ${sizes.map((size) => `${Math.round(size / 1_000)} kB`).join(', ')}`);

  // Proves that a leak would be detected.
  await page.evaluate(() => roundsApp.keepSessions());
  await round();
  const leaking = await heap.read();
  expect(of(leaking, [...ours, ...browsers]).filter(([, count]) => count === 0)).toEqual([]);
  expect(leaking.listeners).toBeGreaterThan(before.listeners);
  expect(anything.filter((name) => (leaking.counts[name] ?? 0) - (after.counts[name] ?? 0) < 1)).toEqual([]);
  expect(leaking.bytes - after.bytes).toBeGreaterThan(mostBytesPerRound);
});
