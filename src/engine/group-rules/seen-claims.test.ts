import { expect, test } from 'vitest';
import type { GroupChange } from './group-transaction.ts';
import { readSeen } from './seen-claims.ts';

const change: GroupChange = { kind: 'role', member: 'co_z1', role: 'revoked' };
const many = (count: number, nameOf: (n: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [nameOf(n), n + 1]));
const namesIn = (seen: unknown) => Object.keys(seen as object);

test('[GROUP-3] of heads only the sessions of the removed are read, the first 5,000 of them', () => {
  const others = { ...many(20_000, (n) => `co_z2_session_z${n}`), ...many(10, String) };
  const own = many(20_000, (n) => `co_z1_session_z${n}`);
  const { heads } = readSeen(JSON.stringify({ heads: { ...others, ...own } }), change);
  expect(heads).toEqual(many(5_000, (n) => `co_z1_session_z${n}`));
  const few = { co_z1_session_z1: 2, co_z1_session_z2: null, co_z1: 3, co_z1_session_z3: '4' };
  expect(readSeen(JSON.stringify({ heads: few }), change)).toEqual({ heads: { co_z1_session_z1: 2 } });
});

test('[GROUP-7] of what was seen ahead the first 1,000 sessions are read', () => {
  const { ahead } = readSeen(
    JSON.stringify({ ahead: { ...many(10, String), ...many(20_000, (n) => `co_z2_session_z${n}`) } }),
    { kind: 'setting', key: 'readKey', value: 'key_z1' },
  );
  expect(namesIn(ahead)).toHaveLength(1_000);
});

test.each(['null', '[]', '1', '"heads"', '{"heads":[],"ahead":null}', '{"heads"', '{"ahead":"x"}'])(
  '[GROUP-3] %s names no sessions',
  (meta) => expect(readSeen(meta, change)).toEqual({}),
);
