import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Genesis } from '../../src/session/account/genesis.ts';
import { createAccounts } from './accounts.ts';
import { simulate, type Outcome } from './simulate.ts';

/** Faults that are planted, one at a time, in the place of what the kernel or the relay does. */
type Plant =
  | 'says saved before the commit'
  | 'writes no marks'
  | 'ignores that the relay lost data'
  | 'acknowledges before the commit'
  | 'leaves what a dead tab left';

let planted: Plant | undefined;

vi.mock(import('./disk-storage.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    openDiskStorage(...given) {
      const storage = real.openDiskStorage(...given);
      const { store, trackCoValuesSyncState } = storage;
      if (planted === 'says saved before the commit') {
        storage.store = (content, correct, done) => {
          store(content, correct);
          done?.();
        };
      }
      if (planted === 'writes no marks') storage.trackCoValuesSyncState = (_, done) => done?.();
      else storage.trackCoValuesSyncState = trackCoValuesSyncState;
      return storage;
    },
  };
});

vi.mock(import('../../src/sync/loss-watch.ts'), async (original) => {
  const real = await original();
  return {
    createLossWatch(options) {
      if (planted !== 'ignores that the relay lost data') return real.createLossWatch(options);
      return real.createLossWatch({ ...options, doubt: () => Promise.resolve() });
    },
  };
});

vi.mock(import('../../src/relay/held-acknowledgements.ts'), async (original) => {
  const real = await original();
  return {
    holdAcknowledgements: (peer, commits) =>
      planted === 'acknowledges before the commit' ? peer : real.holdAcknowledgements(peer, commits),
  };
});

vi.mock(import('../../src/sync/tabs/holds.ts'), async (original) => {
  const real = await original();
  return {
    createHolds: (options) =>
      real.createHolds(planted === 'leaves what a dead tab left' ? { ...options, onDue: () => {} } : options),
  };
});

let accounts: readonly [Genesis, Genesis];
beforeAll(async () => {
  accounts = await createAccounts();
  // cojson tells of every load that waits for a relay.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => (planted = undefined));

const mostSeeds = 300;

/** The first run that shows it in these words, and shows nothing where nothing is planted. */
async function firstToFail(plant: Plant, words: RegExp): Promise<Outcome | undefined> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    planted = plant;
    const outcome = await simulate(seed, accounts);
    planted = undefined;
    const isFound = words.test(outcome.error?.message ?? '');
    if (isFound && !(await simulate(seed, accounts)).error) return outcome;
  }
  return undefined;
}

describe('a simulation finds out who', { timeout: 600_000 }, () => {
  it.each<[Plant, RegExp]>([
    ['says saved before the commit', /^said saved, and not on the disk/],
    ['acknowledges before the commit', /^said (confirmed|durable), and not at/],
    ['writes no marks', /^said (confirmed|durable), and not at/],
    ['ignores that the relay lost data', /^said (confirmed|durable), and not at|^lost/],
    ['leaves what a dead tab left', /^not so .*: every state says confirmed/],
  ])('%s', async (plant, words) => {
    expect(await firstToFail(plant, words)).toBeDefined();
  });
});
