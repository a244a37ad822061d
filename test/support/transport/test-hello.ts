import type { HelloFrame } from '../../../src/wire/frames.ts';

/** The first frame of a relay without limits. */
export const testHello: HelloFrame = {
  maia: 'hello',
  v: 1,
  relay: { name: 'test', version: '1' },
  storage: { id: 's', epoch: 'e' },
  durability: 'process-crash',
  limits: {},
  auth: null,
  inspect: false,
};
