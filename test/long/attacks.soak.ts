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
  attackerScript = await bundleScript('test/long/attacks/attacker.ts');
}, 60_000);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Edits acknowledged per second in alternating windows, and the number of steps that the attack made. */
async function measure(attack: AttackName, inFlight: number) {
  const relay = await startMeasuredRelay(relayScript, `--storage=pglite:${await createStorage()}`);
  const attacker = startAttacker(attackerScript);
  const good = await createWorker(relay.url, inFlight);
  // A long CoValue of the good client, as another target. It is not edited during the attack.
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
  // Compares each attack with the quiet windows around it.
  const ratios = attacked.map(
    (work, round) => (2 * work) / ((quiet[round] ?? NaN) + (quiet[round + 1] ?? NaN)),
  );
  return { quiet, attacked, ratios, harm };
}

// The relay, the good client and the attacker are separate processes. On a machine with too few processors,
// they compete with each other and with other programs, which says nothing about the relay. So the attacker
// has a low priority and writes no faster than the relay reads, and time in which the relay or its
// database's thread was runnable but not scheduled is excluded. The test compares alternating quiet and
// attack windows by the median of their ratios. This shows whether the relay gives each client its share of
// the work, not its throughput on an idle machine, nor what an attacker with many machines can do.
describe('a client’s throughput, at least a third of normal during an attack by another', () => {
  it.each(
    (Object.keys(attacks) as AttackName[]).flatMap((attack) =>
      [1, 16].map((inFlight) => [attack, inFlight] as const),
    ),
  )(
    'under %s, with %i edits in flight',
    // Retries if other programs keep the machine busy.
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
