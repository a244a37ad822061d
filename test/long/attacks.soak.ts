import { availableParallelism } from 'node:os';
import { beforeAll, describe, expect, it } from 'vitest';
import { startMeasuredRelay } from '../support/relay/measured-relay.ts';
import { bundleRelay, bundleScript } from '../support/relay/relay-process.ts';
import { createStorage } from '../support/relay/temporary-storage.ts';
import { confirmed } from '../support/relay/test-relay.ts';
import type { Content } from './attacks/attack.ts';
import { startAttacker } from './attacks/attacker-process.ts';
import { attacks, type AttackName } from './attacks/attacks.ts';
import { longestWaitMs, waitedOf } from './attacks/waited.ts';
import { createWorker } from './attacks/worker.ts';

const rounds = Number(process.env['MAIA_ROUNDS'] ?? 7);
const windowMs = 500;
const settleMs = 250;

let relayScript: string;
let attackerScript: string;
beforeAll(async () => {
  relayScript = await bundleRelay();
  attackerScript = await bundleScript('scripts/long/attacks/attacker.ts');
}, 60_000);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Edits acknowledged a second in each window, in turns, and how much harm was done in all. */
async function measure(attack: AttackName, inFlight: number) {
  const relay = await startMeasuredRelay(relayScript, `--storage=pglite:${await createStorage()}`);
  const attacker = startAttacker(attackerScript);
  const good = await createWorker(relay.url, inFlight);
  // Somebody's CoValue of some length, which is at rest.
  const long = good.map.group.createMap();
  for (let count = 0; count < 2_000; count++) long.set(`key${count % 10}`, count, 'trusting');
  await confirmed(good.node, long);
  await good.work(windowMs);
  const targets = [good.map, long].flatMap(({ core }): Content[] => core.newContentSince(undefined) ?? []);

  async function rate(): Promise<number> {
    const [startMs, waitedBefore] = [performance.now(), waitedOf(relay.pid)];
    const count = await good.work(windowMs);
    const tookMs = performance.now() - startMs;
    return (1_000 * count) / (tookMs - longestWaitMs(waitedBefore, waitedOf(relay.pid)));
  }

  const quiet: number[] = [await rate()];
  const attacked: number[] = [];
  let harm = 0;
  for (let round = 0; round < rounds; round++) {
    await attacker.begin(attack, { url: relay.url, targets });
    await good.work(settleMs);
    attacked.push(await rate());
    harm += await attacker.stop();
    await good.work(settleMs);
    quiet.push(await rate());
  }
  await confirmed(good.node, good.map);
  await good.close();
  // Each against the quiet windows on both sides of it.
  const ratios = attacked.map(
    (work, round) => (2 * work) / ((quiet[round] ?? NaN) + (quiet[round + 1] ?? NaN)),
  );
  return { quiet, attacked, ratios, harm };
}

// The relay, the good client and the attacker are a process each. Where there are fewer processors than that, they and
// whatever else runs take time from one another, which says nothing about the relay: the attacker has the lowest
// priority, it writes no faster than the relay reads, and the time in which the relay, or its database's thread, was ready
// and not let run does not count. What is left are windows of quiet and of attack in turns, and the median of their ratios. That shows whether
// the relay gives one client's work its share; it does not show figures of a machine with nothing else to do, nor what
// an attacker reaches with many machines.
describe('another client’s work stays at least a third of what it is in quiet', () => {
  it.each(
    (Object.keys(attacks) as AttackName[]).flatMap((attack) =>
      [1, 16].map((inFlight) => [attack, inFlight] as const),
    ),
  )(
    'under %s, with %i edits in flight',
    // A machine that is busy with something else for a while is not the relay's fault.
    { timeout: 60_000, retry: 2 },
    async (attack, inFlight) => {
      const { quiet, attacked, ratios, harm } = await measure(attack, inFlight);
      const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
      console.log(
        `${attack}, ${inFlight} in flight: ${median(quiet).toFixed()} edits/s in quiet, ${median(attacked).toFixed()} attacked, ` +
          `ratio ${median(ratios).toFixed(2)} (${each}), ${harm} times done, ${availableParallelism()} processors`,
      );
      expect(harm).toBeGreaterThan(rounds);
      expect(median(ratios)).toBeGreaterThan(1 / 3);
    },
  );
});
