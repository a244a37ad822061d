import { expect, it } from 'vitest';
import { createPlaces } from './request-places.ts';

/** Runs tasks that end when they are told. */
function places() {
  const all = createPlaces();
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const run = async (address: string, name: string) => {
    const place = all.enter(address);
    await place.run(() => new Promise<void>((resolve) => running.push({ name, end: resolve })));
    place.leave();
  };
  const names = () => running.map(({ name }) => name);
  return { all, run, running, names };
}

it('[RELAY-68] leaves places for other addresses, in the order in which they came', async () => {
  const { run, running, names } = places();
  const runs = ['a1', 'a2', 'a3', 'b1', 'c1', 'd1'].map((name) => run(name.slice(0, 1), name));
  expect(names()).toEqual(['a1', 'a2', 'b1', 'c1']);
  running[2]?.end();
  await runs[3];
  expect(names().slice(4)).toEqual(['d1']);
  running[0]?.end();
  await runs[0];
  expect(names().slice(5)).toEqual(['a3']);
  for (const { end } of running) end();
  await Promise.all(runs);
});

it('[RELAY-68] refuses what an address sends beyond its limit, and what all send beyond theirs', async () => {
  const { all, run, running } = places();
  const runs = Array.from({ length: 32 }, () => run('a', 'a'));
  await expect(run('a', 'late')).rejects.toMatchObject({ code: 'limit', status: 429 });
  const entered = Array.from({ length: 256 - 32 }, (_, index) => all.enter(`b${index}`));
  expect(() => all.enter('c')).toThrow(expect.objectContaining({ status: 429 }));
  entered[0]?.leave();
  all.enter('c').leave();
  // Each that ends lets the next one begin.
  for (const { end } of running) end();
  while (running.length < 32) {
    await Promise.resolve();
    for (const { end } of running) end();
  }
  for (const { end } of running) end();
  await Promise.all(runs);
  all.enter('a').leave();
});

it('[RELAY-68] frees the place of a task that fails', async () => {
  const { all } = places();
  for (let count = 0; count < 40; count++) {
    const place = all.enter('a');
    await expect(place.run(() => Promise.reject(new Error('No.')))).rejects.toThrow('No.');
    place.leave();
  }
});
