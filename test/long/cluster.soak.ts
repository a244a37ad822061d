import { beforeAll, expect, it } from 'vitest';
import { bundleRelay } from '../support/relay/relay-process.ts';
import { killCount, startKillRun, timeoutMs } from './kill-run.ts';
import { createCluster, describeCluster } from './postgres-cluster.ts';
import { createRelayFleet } from './relay-fleet.ts';
import { readPostgresCounts } from './stored-counts.ts';

let script: string;
beforeAll(async () => {
  script = await bundleRelay();
}, 60_000);

describeCluster('a relay whose PostgreSQL is killed under load', () => {
  it(
    'has lost nothing that it acknowledged, and goes on by itself',
    async () => {
      const cluster = await createCluster();
      await cluster.start();
      const read = () => readPostgresCounts(cluster.url);
      const fleet = createRelayFleet(script, cluster.url);
      await fleet.start(0);
      fleet.admit(0);
      const run = await startKillRun(fleet);
      for (let round = 0; round < killCount; round++) {
        await run.untilNextKill();
        await cluster.kill();
        // The relay must not rewrite lost data before the test looks for it.
        fleet.freeze(0);
        await cluster.start();
        run.expectKept(run.claims(), await read());
        fleet.thaw(0);
      }
      // This relay never restarted, so a new process reads the rows.
      const url = await fleet.start(1);
      await run.converge(url, read);
      await fleet.kill(0);
      const [median] = [...cluster.startsMs].sort((a, b) => a - b).slice(Math.floor(killCount / 2));
      expect(cluster.startsMs).toHaveLength(1 + killCount);
      run.report(
        `PostgreSQL itself: ${killCount} kills, back after ${Math.round(median ?? 0)} ms (median)`,
        fleet.startsMs,
      );
    },
    timeoutMs,
  );
});
