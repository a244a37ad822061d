import { expect, it } from 'vitest';
import { readableChanges } from './change-shapes.ts';

const opID = { sessionID: 'co_z1_session_z1', txIndex: 0, changeIdx: 0 };
const set = (key: unknown) => ({ op: 'set', key, value: 1 });
const app = (after: unknown) => ({ op: 'app', value: 'a', after });

it.each([
  ['comap', [set('a'), { op: 'del', key: 'a' }]],
  ['comap', []],
  ['colist', [app('start'), app(opID), app({ ...opID, branch: 'z1' })]],
  [
    'colist',
    [
      { op: 'pre', value: null, before: 'end' },
      { op: 'del', insertion: opID },
    ],
  ],
  ['coplaintext', [app('start'), { op: 'del', insertion: opID }]],
  ['costream', [null, 1, 'a', { b: [] }]],
])('[READ-1] valid changes of a %s are read as they are', (type, changes) => {
  expect(readableChanges({ type, isFile: false }, changes)).toBe(changes);
});

it.each([
  ['comap', 'no list'],
  ['comap', [set(1)]],
  ['comap', [{ key: 'a', value: 1 }]],
  ['comap', [set('a'), []]],
  ['colist', [app('end')]],
  ['colist', [app(null)]],
  ['colist', [app({ ...opID, sessionID: '__proto__' })]],
  ['colist', [app({ ...opID, txIndex: '__proto__' })]],
  ['colist', [app({ ...opID, changeIdx: -1 })]],
  ['colist', [app({ ...opID, branch: {} })]],
  ['colist', [{ op: 'del', insertion: 'start' }]],
  ['coplaintext', [{ op: 'app', value: {}, after: 'start' }]],
])('[READ-1] a %s has nothing of a malformed transaction', (type, changes) => {
  expect(readableChanges({ type, isFile: false }, changes)).toBeUndefined();
});

it('[READ-1] a map has no keys that every object has', () => {
  const changes = [set('a'), set('constructor'), set('__proto__'), set('hasOwnProperty')];
  expect(readableChanges({ type: 'comap', isFile: false }, changes)).toEqual([set('a')]);
});

it('[READ-1] a file has only items of its form', () => {
  const read = (item: unknown) => readableChanges({ type: 'costream', isFile: true }, [item]) !== undefined;
  const start = { type: 'start', mimeType: 'a/b', fileName: 'c', totalSizeBytes: 1 };
  expect(
    [start, { type: 'chunk', chunk: 'binary_UYWJj' }, { type: 'chunk', chunk: 'binary_UYQ==' }].map(read),
  ).toEqual([true, true, true]);
  expect([{ type: 'end' }, { type: 'later', any: null }].map(read)).toEqual([true, true]);
  const malformed = [
    null,
    { ...start, mimeType: 1 },
    { ...start, fileName: {} },
    { ...start, totalSizeBytes: '1' },
    { type: 'chunk', chunk: 'YWJj' },
    { type: 'chunk', chunk: 'binary_UYWJjY' },
    { type: 'chunk', chunk: 'binary_U<>' },
  ];
  expect(malformed.filter(read)).toEqual([]);
});
