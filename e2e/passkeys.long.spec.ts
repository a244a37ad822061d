import { testPasskeys } from './support/passkey-journeys.ts';

testPasskeys('on-create');
