import { expect, it } from 'vitest';
import { formatAge } from './all-text.ts';

it('shows no age for the constant date at which accounts begin', () => {
  const row = { id: 'co_z1', state: 'in-memory', kind: 'CoMap' } as const;
  const nowMs = Date.UTC(2026, 10, 27);
  const ageAt = (editedAtMs: number) => formatAge({ ...row, editedAtMs }, nowMs);
  expect([ageAt(0), ageAt(1), ageAt(nowMs - 60_000), ageAt(nowMs + 7_200_000)]).toEqual([
    ...['–', '–', '1 min', 'in 2 h'],
  ]);
});
