import { beforeAll, expect, vi } from 'vitest';
import type { Genesis } from '../../src/session/account/genesis.ts';
import { createAccounts } from './accounts.ts';
import { describeFailure } from './fuzz.ts';
import { simulate } from './simulate.ts';

type Scenario = Parameters<typeof simulate>[2];

/** The accounts of a test file's simulations, created before its tests. */
export function setUpSimulation() {
  let accounts: readonly [Genesis, Genesis];
  beforeAll(async () => {
    accounts = await createAccounts();
    // cojson warns about every load that waits for a relay.
    vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  return {
    run: (seed: number, scenario: Scenario) => simulate(seed, accounts, scenario),
    /** Without HTTP, which came later: pinned seeds keep their schedules. */
    async expectNoFailure(
      seed: number,
      scenario: Scenario = {},
      otherwise: Scenario = { http: false },
    ): Promise<void> {
      const outcome = await simulate(seed, accounts, { ...otherwise, ...scenario });
      expect(outcome.error && describeFailure(outcome)).toBeUndefined();
    },
  };
}
