import { expect, test } from 'vitest';
import { takeInvite } from './take-invite.ts';

test('[SHARE-1] outside a page, there is no invite to take', () => {
  expect(takeInvite()).toBeUndefined();
});
