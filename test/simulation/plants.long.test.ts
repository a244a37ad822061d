import { RawCoMap } from 'cojson';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Genesis } from '../../src/session/account/genesis.ts';
import { createAccounts } from './accounts.ts';
import { simulate, type Outcome } from './simulate.ts';

/** Bugs that these tests plant in the kernel or the relay, one at a time. */
type Plant =
  | 'reports saved before the commit'
  | 'records no debts'
  | 'ignores data loss at the relay'
  | 'acknowledges before the commit'
  | 'never ends a lease'
  | 'drops an edit'
  | 'shows an earlier value again';

let planted: Plant | undefined;

vi.mock(import('./disk-storage.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    openDiskStorage(...parameters) {
      const storage = real.openDiskStorage(...parameters);
      const { store, trackCoValuesSyncState } = storage;
      if (planted === 'reports saved before the commit') {
        storage.store = (content, correct, done) => {
          store(content, correct);
          done?.();
        };
      }
      if (planted === 'records no debts') Object.assign(storage.ledger ?? {}, { add: () => {} });
      else storage.trackCoValuesSyncState = trackCoValuesSyncState;
      return storage;
    },
  };
});

vi.mock(import('../../src/sync/relays/loss-watch.ts'), async (original) => {
  const real = await original();
  return {
    createLossWatch(options) {
      if (planted !== 'ignores data loss at the relay') return real.createLossWatch(options);
      return real.createLossWatch({ ...options, recheck: () => Promise.resolve() });
    },
  };
});

vi.mock(import('../../src/relay/client/acknowledgements.ts'), async (original) => {
  const real = await original();
  return {
    delayAcknowledgements(peer, commits) {
      const acknowledgements = real.delayAcknowledgements(peer, commits);
      return planted === 'acknowledges before the commit' ? { ...acknowledgements, peer } : acknowledgements;
    },
  };
});

vi.mock(import('../../src/sync/tabs/leases.ts'), async (original) => {
  const real = await original();
  return {
    createLeases: (options) =>
      real.createLeases(
        planted === 'never ends a lease' ? { ...options, clock: { elapsedMs: () => 0 } } : options,
      ),
  };
});

/** What a page calls of a map. */
function plantInMaps(): void {
  const { set, lastEditAt } = RawCoMap.prototype;
  let calls = 0;
  const isHit = (plant: Plant, every: number) => planted === plant && ++calls % every === 0;
  vi.spyOn(RawCoMap.prototype, 'set').mockImplementation(function (this: RawCoMap, ...edit) {
    if (!isHit('drops an edit', 20)) set.apply(this, edit);
  });
  vi.spyOn(RawCoMap.prototype, 'lastEditAt').mockImplementation(function (this: RawCoMap, key) {
    const isBack = isHit('shows an earlier value again', 20);
    return isBack ? this.nthEditAt(key, 0) : lastEditAt.call(this, key);
  });
}

let accounts: readonly [Genesis, Genesis];
beforeAll(async () => {
  accounts = await createAccounts();
  plantInMaps();
  // cojson warns about every load that waits for a relay.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => (planted = undefined));

const maxSeeds = 300;

/** The first run that fails with this message and passes without the plant. */
async function findFailure(plant: Plant, message: RegExp): Promise<Outcome | undefined> {
  for (let seed = 1; seed <= maxSeeds; seed++) {
    planted = plant;
    const outcome = await simulate(seed, accounts);
    planted = undefined;
    const isFound = message.test(outcome.error?.message ?? '');
    if (isFound && !(await simulate(seed, accounts)).error) return outcome;
  }
  return undefined;
}

describe('bugs that the simulation detects', { timeout: 600_000 }, () => {
  it.each<[Plant, RegExp]>([
    ['reports saved before the commit', /^reported as saved, but not on the disk/],
    ['acknowledges before the commit', /^reported as (confirmed|durable), but not at/],
    ['records no debts', /^reported as (confirmed|durable), but not at/],
    ['ignores data loss at the relay', /^reported as (confirmed|durable), but not at|^lost/],
    ['never ends a lease', /^still unmet .*: every state is confirmed/],
    ['drops an edit', /^went back/],
    ['shows an earlier value again', /^(went back|overwritten shown)/],
  ])('%s', async (plant, message) => {
    expect(await findFailure(plant, message)).toBeDefined();
  });
});
