import { beforeAll, describe, expect, it } from 'vitest';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { killCount, startKillRun, timeoutMs } from './kill-run.ts';
import type { Counts } from './ledger.ts';
import { loadFresh } from './reader.ts';
import { createRelayFleet } from './relay-fleet.ts';
import { readPGliteCounts, readPostgresCounts } from './stored-counts.ts';

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
}, 60_000);

/** Kills random relays during edits, one by one, and looks for acknowledged transactions before clients can resend them. */
async function killAndCheck(
  name: string,
  storage: string,
  relayCount: number,
  read: () => Promise<Counts>,
): Promise<void> {
  const fleet = createRelayFleet(script, storage);
  let url = '';
  for (let index = 0; index < relayCount; index++) {
    url = await fleet.start(index);
    fleet.admit(index);
  }
  const run = await startKillRun(fleet);
  for (let round = 0; round < killCount; round++) {
    const before = run.claims();
    await run.untilNextKill();
    const index = run.random(0, relayCount - 1);
    fleet.setOpen(false);
    await fleet.kill(index);
    run.expectKept(run.claims(), await read());
    if (relayCount > 1) fleet.setOpen(true);
    url = await fleet.start(index);
    await loadFresh(url, run.claimsSince(before));
    fleet.admit(index);
    fleet.setOpen(true);
  }
  await run.converge(url, read);
  expect(fleet.startsMs).toHaveLength(relayCount + killCount);
  run.report(`${name}: ${killCount} kills`, fleet.startsMs);
}

describe('relays killed under load', () => {
  it(
    'on PGlite',
    async () => {
      const directory = await createStorage();
      const copied = () => readPGliteCounts(directory);
      await killAndCheck('PGlite', `pglite:${directory}`, 1, copied);
    },
    timeoutMs,
  );

  describePostgres('on PostgreSQL', () => {
    it.each([1, 3])(
      'with %i of them',
      async (relayCount) => {
        const url = await createPostgres();
        const read = () => readPostgresCounts(url);
        await killAndCheck(
          relayCount === 1 ? 'PostgreSQL' : `${relayCount} relays on one PostgreSQL`,
          url,
          relayCount,
          read,
        );
      },
      timeoutMs,
    );
  });
});
