import { expect, it } from 'vitest';
import { targetID } from './target-id.ts';
import type { SyncTarget } from './sync-peers.ts';

/** As JavaScript may pass them. */
const noTargets: readonly [name: string, target: unknown][] = [
  ['null', null],
  ['a number', 5],
  ['an object without an ID', {}],
  ['a function', () => {}],
  ['a symbol', Symbol('id')],
  ['a word', 'notes'],
];

it.each(noTargets)('refuses %s', (_, target) => {
  expect(() => targetID(target as SyncTarget)).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
});

it('takes an ID', () => {
  expect(targetID('co_z1')).toBe('co_z1');
});
