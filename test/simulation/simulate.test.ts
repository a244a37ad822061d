import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Genesis } from '../../src/session/account/genesis.ts';
import { createAccounts } from './accounts.ts';
import { describeFailure } from './fuzz.ts';
import { plain, simulate } from './simulate.ts';

let accounts: readonly [Genesis, Genesis];
beforeAll(async () => {
  accounts = await createAccounts();
  // cojson tells of every load that waits for a relay.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

async function expectTruth(seed: number, scenario?: Parameters<typeof simulate>[2]): Promise<void> {
  const outcome = await simulate(seed, accounts, scenario);
  expect(outcome.error && describeFailure(outcome)).toBeUndefined();
}

describe('what the kernel says is so, whatever happens', () => {
  it.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => expectTruth(seed));
});

describe('seeds that have shown a fault', () => {
  it('34: what the relay said before its loss was noticed stands', () => expectTruth(34, plain));
  it('7: so does what it sent, of three relays', () => expectTruth(7, plain));
  it('20: the loss of what had only a header is noticed', () => expectTruth(20, plain));
  it('8: an edit that came to a relay through another one and another device is no fork', () =>
    expectTruth(8, { ...plain, restores: false }));
});

it('is the same run for the same seed, to every byte on the wire', async () => {
  const [one, again, other] = [
    await simulate(11, accounts),
    await simulate(11, accounts),
    await simulate(12, accounts),
  ];
  expect(again.hash).toBe(one.hash);
  expect(again.trace).toEqual(one.trace);
  expect(other.hash).not.toBe(one.hash);
});
