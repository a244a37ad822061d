import { expect, it } from 'vitest';
import { isAllConfirmed } from './rung-steps.ts';
import { testState } from './test-state.ts';

it('says that the relay has everything only where that is known and nothing waits', () => {
  const states = [
    undefined,
    testState({}),
    testState({ confirmed: { known: true, pending: 1 } }),
    testState({ confirmed: { known: false, pending: 0 } }),
  ];
  expect(states.map(isAllConfirmed)).toEqual([false, true, false, false]);
});
