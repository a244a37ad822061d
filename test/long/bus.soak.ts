import { beforeAll, expect, it } from 'vitest';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { createPostgres, describePostgres } from '../support/relay/test-postgres.ts';
import { killCount, startKillRun, timeoutMs } from './kill-run.ts';
import { createNatsProcess, describeNatsProcess } from './nats-process.ts';
import { createRelayFleet } from './relay-fleet.ts';
import { readPostgresCounts } from './stored-counts.ts';

const relayCount = 3;

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
}, 60_000);

describePostgres('three relays on one PostgreSQL', () => {
  describeNatsProcess('whose NATS is killed under load', () => {
    it(
      'go on without it, lose nothing, and find what its notices did not bring',
      async () => {
        const bus = await createNatsProcess();
        await bus.start();
        const storage = await createPostgres();
        const read = () => readPostgresCounts(storage);
        const fleet = createRelayFleet(script, storage, { SYNC_MAIA_BUS: bus.url });
        let url = '';
        for (let index = 0; index < relayCount; index++) {
          url = await fleet.start(index);
          fleet.admit(index);
        }
        const run = await startKillRun(fleet);
        let relayKills = 0;
        for (let round = 0; round < killCount; round++) {
          await run.untilNextKill();
          await bus.kill();
          await run.untilMore();
          // Of this relay's last commits, no other relay ever gets a notice.
          const killed = round % 2 === 0 ? run.random(0, relayCount - 1) : undefined;
          if (killed !== undefined) {
            fleet.setOpen(false);
            await fleet.kill(killed);
            relayKills++;
          }
          run.expectKept(run.claims(), await read());
          await bus.start();
          if (killed !== undefined) {
            url = await fleet.start(killed);
            fleet.admit(killed);
            fleet.setOpen(true);
          }
          await fleet.untilHearing();
        }
        // No notice of these edits ever comes, and no later one of their CoValues.
        await bus.kill();
        for (let more = 0; more < 5; more++) await run.untilMore();
        await run.settle();
        await bus.start();
        // A relay that has heard nothing for 10 s refuses new clients.
        await fleet.untilHearing();
        await run.converge(url, read);
        expect(fleet.startsMs).toHaveLength(relayCount + relayKills);
        run.report(`NATS itself: ${killCount} kills, and ${relayKills} of relays meanwhile`, fleet.startsMs);
      },
      timeoutMs,
    );
  });
});
