import { expect, it } from 'vitest';
import { collectGarbage } from '../../test/support/collect-garbage.ts';
import { until } from '../../test/support/until.ts';
import { createReadable } from '../base/readable.ts';
import { createWeakCache } from './weak-cache.ts';

function create() {
  const created: string[] = [];
  const get = createWeakCache((key, keep) => {
    created.push(key);
    return Object.assign(createReadable(key), { keep });
  });
  return { created, get };
}

/** Until the readable of the key, which the test must not hold, is collected. */
async function untilCollected(get: (key: string) => object, key: string): Promise<void> {
  const collected = new WeakRef(get(key));
  await until(() => {
    collectGarbage();
    return !collected.deref();
  });
}

it('gives the same object for the same key while it is held', async () => {
  const { created, get } = create();
  const a = get('a');
  expect(get('a')).toBe(a);
  await untilCollected(get, 'b');
  expect(get('b').current).toBe('b');
  expect(get('a')).toBe(a);
  expect(created).toEqual(['a', 'b', 'b']);
});

it('gives the same object while it is subscribed to, although nothing else holds it', async () => {
  const { created, get } = create();
  const seen: string[] = [];
  const ends = [get('a').subscribe((value) => seen.push(value)), get('a').subscribe(() => {})];
  ends[0]?.();
  ends[0]?.();
  await untilCollected(get, 'b');
  get('a').set('next');
  expect(get('a').current).toBe('next');
  ends.pop()?.();
  ends.pop();
  await untilCollected(get, 'a');
  expect(seen).toEqual(['a']);
  expect(created).toEqual(['a', 'b']);
});

it('gives the same object while it says that it is in use', async () => {
  const { created, get } = create();
  get('a').set('next');
  get('a').keep(true);
  await untilCollected(get, 'b');
  expect(get('a').current).toBe('next');
  get('a').keep(false);
  await untilCollected(get, 'a');
  expect(created).toEqual(['a', 'b']);
});
