import { expect, it } from 'vitest';
import type { Content, RawCoID } from '../../engine/content.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createEarlyContent } from './early-content.ts';

const header: NonNullable<Content['header']> = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: null,
};
const first = (id: string): Content => ({
  action: 'content',
  id: id as RawCoID,
  header,
  priority: 3,
  new: {},
});
function later(id: string): Content {
  const { header: _, ...rest } = first(id);
  return rest;
}

/** `dependencies`: by CoValue. */
function start(dependencies: Readonly<Record<string, readonly string[]>> = {}) {
  const clock = createFakeClock();
  const dropped: string[] = [];
  const early = createEarlyContent({
    clock,
    dependenciesOf: ({ id }) => dependencies[id] ?? [],
    onDropped: ({ id }) => dropped.push(id),
  });
  const idsFor = (id: string) => early.takeFor(first(id)).map(({ id }) => id);
  return { clock, dropped, early, idsFor };
}

it('returns all that a CoValue depends on, once, in the order in which it arrived', () => {
  const { early, idsFor } = start({
    co_zmap: ['co_zgroup'],
    co_zgroup: ['co_zaccount', 'co_zparent'],
    co_zparent: ['co_zgroup'],
  });
  for (const id of ['co_zaccount', 'co_zother', 'co_zparent', 'co_zgroup']) early.add(first(id), 1);
  early.add(later('co_zgroup'), 1);
  expect(idsFor('co_zmap')).toEqual(['co_zaccount', 'co_zparent', 'co_zgroup', 'co_zgroup']);
  expect(idsFor('co_zmap')).toEqual([]);
  expect(early.take('co_zother')).toEqual([first('co_zother')]);
});

it('[SEC-17] drops what nothing has asked for within a minute', () => {
  const { clock, early, dropped } = start();
  early.add(first('co_zgroup'), 1);
  clock.advance(59_000);
  early.add(first('co_zother'), 1);
  clock.advance(1_000);
  expect(dropped).toEqual(['co_zgroup']);
  expect([early.take('co_zgroup'), early.take('co_zother')]).toEqual([[], [first('co_zother')]]);
  expect(clock.waiting).toBe(0);
});

it('[SEC-17] drops the oldest if there is too much of it', () => {
  const { clock, early, dropped } = start();
  const all = Array.from({ length: 5_002 }, (_, index) => `co_z${index}`);
  for (const id of all) early.add(first(id), 1);
  expect(dropped).toEqual(all.slice(0, 2));
  early.add(first('co_zlarge'), 9_999_999);
  expect(dropped).toEqual(all.slice(0, -1));
  early.add(first('co_zlarger'), 10_000_001);
  expect(dropped).toEqual([...all, 'co_zlarge', 'co_zlarger']);
  expect(clock.waiting).toBe(0);
});

it('drops pieces whose beginning is not here', () => {
  const { early, dropped } = start();
  early.add(later('co_zgroup'), 1);
  expect(dropped).toEqual(['co_zgroup']);
});

it('keeps nothing once the connection is lost', () => {
  const { clock, early, dropped } = start();
  early.add(first('co_zgroup'), 1);
  early.clear();
  expect(early.take('co_zgroup')).toEqual([]);
  expect([clock.waiting, dropped]).toEqual([0, []]);
});
