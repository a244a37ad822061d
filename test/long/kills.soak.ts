import { beforeAll, describe, expect, it } from 'vitest';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { describeNats, natsUrl } from '../support/relay/test-nats.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { killCount, startKillRun, timeoutMs } from './kill-run.ts';
import type { Counts } from './ledger.ts';
import { loadFresh } from './reader.ts';
import { createRelayFleet, type RelayFleet } from './relay-fleet.ts';
import { readPGliteCounts, readPostgresCounts } from './stored-counts.ts';

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
}, 60_000);

/** Kills random relays during edits, one by one, and looks for acknowledged transactions before clients can resend them. */
async function killAndCheck(
  name: string,
  fleet: RelayFleet,
  relayCount: number,
  read: () => Promise<Counts>,
): Promise<void> {
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
      const fleet = createRelayFleet(script, `pglite:${directory}`);
      await killAndCheck('PGlite', fleet, 1, () => readPGliteCounts(directory));
    },
    timeoutMs,
  );

  describePostgres('on PostgreSQL', () => {
    const survive = (name: string, relayCount: number, bus: string) =>
      it(
        name,
        async () => {
          const url = await createPostgres();
          const fleet = createRelayFleet(script, url, { COMMIT_LANES: '4', SYNC_MAIA_BUS: bus });
          await killAndCheck(`PostgreSQL, ${name}`, fleet, relayCount, () => readPostgresCounts(url));
        },
        timeoutMs,
      );
    survive('one', 1, 'postgres');
    survive('three with NOTIFY', 3, 'postgres');
    describeNats('and NATS', () => survive('three with NATS', 3, natsUrl));
  });
});
