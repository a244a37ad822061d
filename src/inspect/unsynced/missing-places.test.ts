import { expect, it } from 'vitest';
import { missingPlaces } from './missing-places.ts';

const reached = { saved: 'reached', sent: 'reached', confirmed: 'reached', durable: 'reached' } as const;

it('names this device, and does not show “none” if there is no relay to name', () => {
  expect(missingPlaces({ steps: { ...reached, saved: 'failed' }, missingAt: [] })).toEqual(['this device']);
  expect(missingPlaces({ steps: { ...reached, confirmed: 'pending' }, missingAt: ['eu'] })).toEqual(['eu']);
  expect(missingPlaces({ steps: { ...reached, confirmed: 'pending' }, missingAt: [] })).toEqual([
    'every relay',
  ]);
  expect(missingPlaces({ steps: reached, missingAt: [] })).toEqual([]);
});
