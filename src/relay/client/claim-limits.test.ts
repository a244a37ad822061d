import { expect, it } from 'vitest';
import { createClaimLimits, maxLimits } from './claim-limits.ts';

const known = {
  action: 'known',
  id: 'co_zA',
  header: true,
  sessions: { a_session_z1: 5, b_session_z1: 3 },
} as const;

it('[RELAY-20] acknowledges no transaction at the position of a refused one', () => {
  const limits = createClaimLimits();
  limits.add('co_zA', 'a_session_z1', 2);
  limits.add('co_zA', 'a_session_z1', 4);
  limits.add('co_zA', 'c_session_z1', 0);
  expect(limits.apply(known)).toEqual({ ...known, sessions: { a_session_z1: 2, b_session_z1: 3 } });
  expect(limits.apply({ ...known, id: 'co_zB' })).toEqual({ ...known, id: 'co_zB' });
  limits.remove('co_zA', 'a_session_z1');
  expect(limits.apply(known)).toEqual(known);
});

it('[RELAY-20] acknowledges nothing of a CoValue whose limits it cannot keep', () => {
  const limits = createClaimLimits();
  for (let count = 0; count < maxLimits; count++) limits.add('co_zA', `a_session_z${count}`, 0);
  limits.add('co_zB', 'a_session_z1', 0);
  expect(limits.apply({ ...known, id: 'co_zB' })).toBeUndefined();
  const answer = { action: 'reconcile-ack', id: 'batch' } as const;
  expect(limits.apply(answer)).toBe(answer);
});
