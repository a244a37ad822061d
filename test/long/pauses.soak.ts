import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleRelay, bundleScript } from '../support/relay/relay-process.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { killCount, startKillRun, timeoutMs, type KillRun } from './kill-run.ts';
import { loadFresh } from './reader.ts';
import { createRelayFleet, type RelayFleet } from './relay-fleet.ts';
import { readPGliteCounts, readPostgresCounts } from './stored-counts.ts';

/** Without its socket, a lock is like one from another machine. */
async function moveToOtherMachine(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('.lock-')) await rm(join(directory, name));
  }
}

/**
 * Stops a relay with SIGSTOP during edits, and starts its replacement. Half of the clients move there; the others stay
 * connected to the stopped relay, which goes on reading what they sent once it continues.
 */
async function replaceStopped(run: KillRun, fleet: RelayFleet, stopped: number): Promise<string> {
  const before = run.claims();
  await run.untilNextKill();
  fleet.setOpen(false);
  fleet.withdraw(stopped);
  fleet.freeze(stopped);
  const url = await fleet.start(stopped + 1);
  await loadFresh(url, run.claimsSince(before));
  fleet.admit(stopped + 1);
  fleet.setOpen(true);
  for (const writer of run.writers.filter((_, index) => index % 2 === 0)) writer.reconnect();
  await run.untilMore();
  return url;
}

describe('a relay stopped under load, and replaced', () => {
  it(
    'on PGlite: acknowledges nothing that is not in the copy of the other, and ends',
    async () => {
      const directory = await createStorage();
      const read = () => readPGliteCounts(directory);
      const fleet = createRelayFleet(await bundleScript('test/long/hasty-relay.ts'), `pglite:${directory}`);
      await fleet.start(0);
      fleet.admit(0);
      const run = await startKillRun(fleet);
      for (let round = 0; round < killCount; round++) {
        await moveToOtherMachine(directory);
        await replaceStopped(run, fleet, round);
        // Clients of the stopped relay must not send again what it acknowledges before the test looks for it.
        fleet.setOpen(false);
        fleet.thaw(round);
        expect(await fleet.end(round)).toMatchObject({
          code: 1,
          errors: expect.stringContaining('has taken over the storage') as string,
        });
        fleet.freeze(round + 1);
        run.expectKept(run.claims(), await read());
        fleet.thaw(round + 1);
        fleet.setOpen(true);
      }
      await fleet.kill(killCount);
      const url = await fleet.start(killCount + 1);
      fleet.admit(killCount + 1);
      await run.converge(url, read);
      run.report(`PGlite: ${killCount} relays stopped and replaced`, fleet.startsMs);
    },
    timeoutMs,
  );

  describePostgres('on PostgreSQL', () => {
    let script: string;
    beforeAll(async () => {
      script = await bundleRelay();
    }, 60_000);

    it(
      'goes on beside the other, or is killed, and loses nothing',
      async () => {
        const storage = await createPostgres();
        const read = () => readPostgresCounts(storage);
        const fleet = createRelayFleet(script, storage, { COMMIT_LANES: '4' });
        let url = await fleet.start(0);
        fleet.admit(0);
        const run = await startKillRun(fleet);
        for (let round = 0; round < killCount; round++) {
          url = await replaceStopped(run, fleet, round);
          if (round % 2 === 0) {
            fleet.thaw(round);
            await run.untilMore();
          }
          fleet.setOpen(false);
          await fleet.kill(round);
          run.expectKept(run.claims(), await read());
          fleet.setOpen(true);
        }
        await run.converge(url, read);
        expect(fleet.startsMs).toHaveLength(1 + killCount);
        run.report(`PostgreSQL: ${killCount} relays stopped and replaced`, fleet.startsMs);
      },
      timeoutMs,
    );
  });
});
