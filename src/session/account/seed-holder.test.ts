import { expect, test } from 'vitest';
import { holdSeed } from './seed-holder.ts';

const seed = () => new Uint8Array(32).fill(7);

test('lends a copy, and overwrites it afterwards', async () => {
  const holder = holdSeed(seed());
  let lent: Uint8Array | undefined;
  const seen = await holder.withSeed((bytes) => {
    lent = bytes;
    return Promise.resolve([...bytes]);
  });
  expect(seen).toEqual([...seed()]);
  expect(lent).toEqual(new Uint8Array(32));
  expect(await holder.withSeed((bytes) => Promise.resolve([...bytes]))).toEqual([...seed()]);
});

test('overwrites the copy even if the borrower fails', async () => {
  let lent: Uint8Array | undefined;
  const failing = holdSeed(seed()).withSeed((bytes) => {
    lent = bytes;
    return Promise.reject(new Error('as it came'));
  });
  await expect(failing).rejects.toThrow('as it came');
  expect(lent).toEqual(new Uint8Array(32));
});

test('[SEC-6] forgets the seed: overwrites the bytes and lends no more copies', async () => {
  const bytes = seed();
  const holder = holdSeed(bytes);
  holder.forget();
  holder.forget();
  expect(bytes).toEqual(new Uint8Array(32));
  await expect(holder.withSeed(() => 0)).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  expect(() => holder.requireHeld()).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
});

test('a borrower that runs while the seed is forgotten keeps its own copy, so it never seals zeros', async () => {
  const holder = holdSeed(seed());
  const seen = await holder.withSeed(async (bytes) => {
    holder.forget();
    await Promise.resolve();
    return [...bytes];
  });
  expect(seen).toEqual([...seed()]);
});

test('a session without a seed reports that', async () => {
  const holder = holdSeed(undefined);
  await expect(holder.withSeed(() => 0)).rejects.toMatchObject({ code: 'SEED_UNKNOWN' });
  expect(() => holder.requireHeld()).toThrow(expect.objectContaining({ code: 'SEED_UNKNOWN' }));
  expect(() => holdSeed(seed()).requireHeld()).not.toThrow();
});

test('does not print the seed', () => {
  expect(JSON.stringify(holdSeed(seed()))).toBe('{}');
});
