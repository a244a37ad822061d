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

test('overwrites the copy also where what it was lent to fails', async () => {
  let lent: Uint8Array | undefined;
  const failing = holdSeed(seed()).withSeed((bytes) => {
    lent = bytes;
    return Promise.reject(new Error('as it came'));
  });
  await expect(failing).rejects.toThrow('as it came');
  expect(lent).toEqual(new Uint8Array(32));
});

test('forgets: the bytes are overwritten, and nobody is lent them any more', async () => {
  const bytes = seed();
  const holder = holdSeed(bytes);
  holder.forget();
  holder.forget();
  expect(bytes).toEqual(new Uint8Array(32));
  await expect(holder.withSeed(() => 0)).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  expect(() => holder.requireHeld()).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
});

test('what runs while the seed is forgotten keeps its own copy: it must not seal zeros', async () => {
  const holder = holdSeed(seed());
  const seen = await holder.withSeed(async (bytes) => {
    holder.forget();
    await Promise.resolve();
    return [...bytes];
  });
  expect(seen).toEqual([...seed()]);
});

test('a session without one says so', async () => {
  const holder = holdSeed(undefined);
  await expect(holder.withSeed(() => 0)).rejects.toMatchObject({ code: 'SEED_UNKNOWN' });
  expect(() => holder.requireHeld()).toThrow(expect.objectContaining({ code: 'SEED_UNKNOWN' }));
  expect(() => holdSeed(seed()).requireHeld()).not.toThrow();
});

test('shows nothing of it', () => {
  expect(JSON.stringify(holdSeed(seed()))).toBe('{}');
});
