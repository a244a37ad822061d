import { expect, it, vi } from 'vitest';
import { createLazyReadable } from './lazy-readable.ts';
import { createReadable } from './readable.ts';

const setUp = () => {
  const source = createReadable('first');
  const ends: (() => void)[] = [];
  const subscribe = vi.fn((listener: (value: string) => void) => {
    const end = vi.fn(source.subscribe(listener));
    ends.push(end);
    return end;
  });
  const load = vi.fn(() =>
    Promise.resolve({
      get current() {
        return source.current;
      },
      subscribe,
    }),
  );
  return { source, subscribe, ends, load, readable: createLazyReadable('initial', load) };
};

it('has its initial value, and loads nothing, until it is subscribed', async () => {
  const { load, readable } = setUp();
  expect(readable.current).toBe('initial');
  expect(load).not.toHaveBeenCalled();
  const values: string[] = [];
  readable.subscribe((value) => values.push(value));
  expect(values).toEqual(['initial']);
  await load.mock.results[0]?.value;
  await Promise.resolve();
  expect(values).toEqual(['initial', 'first']);
});

it('follows its source once, while anyone is subscribed', async () => {
  const { source, subscribe, ends, load, readable } = setUp();
  const values: string[] = [];
  const end = readable.subscribe((value) => values.push(value));
  const endOther = readable.subscribe(() => {});
  await Promise.resolve();
  await Promise.resolve();
  source.set('second');
  expect(values).toEqual(['initial', 'first', 'second']);
  end();
  end();
  expect(ends[0]).not.toHaveBeenCalled();
  endOther();
  expect(ends[0]).toHaveBeenCalledOnce();
  source.set('third');
  expect(values.at(-1)).toBe('second');
  expect(readable.current).toBe('third');
  readable.subscribe((value) => values.push(value));
  expect(values.at(-1)).toBe('third');
  expect([load.mock.calls.length, subscribe.mock.calls.length]).toEqual([1, 2]);
});

it('follows nothing if all have unsubscribed before the source came', async () => {
  const { subscribe, readable } = setUp();
  readable.subscribe(() => {})();
  await Promise.resolve();
  await Promise.resolve();
  expect(subscribe).not.toHaveBeenCalled();
});

it('loads again at the next subscription after a failure', async () => {
  const { load, readable } = setUp();
  load.mockRejectedValueOnce(new Error('offline'));
  readable.subscribe(() => {});
  await Promise.resolve();
  await Promise.resolve();
  const values: string[] = [];
  readable.subscribe((value) => values.push(value));
  await Promise.resolve();
  await Promise.resolve();
  expect(load).toHaveBeenCalledTimes(2);
  expect(values).toEqual(['initial', 'first']);
});

it('follows nothing if a listener ends itself as the source comes', async () => {
  const { ends, readable } = setUp();
  const end = readable.subscribe((value) => {
    if (value === 'first') end();
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(ends[0]).toHaveBeenCalledOnce();
});
