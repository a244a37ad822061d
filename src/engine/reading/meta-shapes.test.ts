import { expect, it } from 'vitest';
import { readableMeta } from './meta-shapes.ts';

it('[READ-2] a meta is read as it is if cojson can read its fields', () => {
  const metas = [
    {},
    { app: { any: null }, at: 5 },
    { from: { co_z1_session_z1: 3 } },
    { branch: 'co_z1', merged: {} },
    { mi: 0, s: 'co_z1_session_z1', b: 'co_z2', t: 0 },
  ];
  for (const meta of metas) expect(readableMeta(meta)).toBe(meta);
});

it('[READ-2] a meta loses the fields that cojson cannot read', () => {
  expect(readableMeta({ from: null, app: 1 })).toEqual({ app: 1 });
  expect(readableMeta({ merged: { a: -1 }, branch: 5, ownerId: [], fww: {} })).toEqual({});
});

it('[READ-2] an edit with a part of its first place malformed keeps none of it', () => {
  expect(readableMeta({ mi: 1, s: '__proto__', t: 1, app: 1 })).toEqual({ app: 1 });
  expect(readableMeta({ mi: 1, s: 'co_z1_session_z1', t: -1 })).toEqual({});
});

it.each([[null], [5], ['meta'], [[]]])('[READ-2] %j is no meta', (meta) => {
  expect(readableMeta(meta)).toBeUndefined();
});
