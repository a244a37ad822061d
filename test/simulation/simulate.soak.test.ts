import { expect, it, vi } from 'vitest';
import { createAccounts } from './accounts.ts';
import { describeFailure } from './fuzz.ts';
import { simulate } from './simulate.ts';

const seeds = Array.from({ length: 300 }, (_, index) => 1_001 + index);

it('300 simulated runs contain no false claim', { timeout: 1_800_000 }, async () => {
  // cojson warns about every load that waits for a relay.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const accounts = await createAccounts();
  const failures: string[] = [];
  for (const seed of seeds) {
    const outcome = await simulate(seed, accounts);
    if (outcome.error) failures.push(describeFailure(outcome));
  }
  expect(failures).toEqual([]);
});
