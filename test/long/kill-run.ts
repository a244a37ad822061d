import type { LocalNode, RawCoMap } from 'cojson';
import { expect } from 'vitest';
import { createSharedMap, loadMap } from '../support/relay/test-relay.ts';
import { createLedger, findLost, type Counts, type Ledger } from './ledger.ts';
import { countsOf, loadFresh } from './reader.ts';
import type { RelayFleet } from './relay-fleet.ts';
import { createRandom, type Random } from './seeded-random.ts';
import { createTurns, createWriter, type Writer } from './writer.ts';
import { until } from '../support/until.ts';

/** A full run has `MAIA_KILLS=200`. */
export const killCount = Number(process.env['MAIA_KILLS'] ?? 20);
const seed = Number(process.env['MAIA_SEED'] ?? 1);
const writerCount = 4;
/** If several sessions write to a CoValue, cojson sorts all of it for each message, so use several such CoValues. */
const killsPerSharedMap = 10;
/** The timeout of a whole run. A kill takes 2 to 10 s, and longer if other programs take the processor. */
export const timeoutMs = 60_000 + killCount * 60_000;
const checksPerReport = 10;

/** Clients that edit through relays, and the acknowledgements that they received. */
export interface KillRun {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly writers: readonly Writer[];
  /** Lets the clients go on in new CoValues, and waits for a random number of further acknowledgements. */
  untilNextKill(): Promise<void>;
  /** Waits for a random number of further acknowledgements. */
  untilMore(): Promise<void>;
  /** The acknowledgements so far. */
  claims(): Counts;
  /** The counts that have grown since `before`, a result of `claims`. */
  claimsSince(before: Counts): Counts;
  /** Throws if an acknowledged transaction is missing from the rows. */
  expectKept(claimed: Counts, kept: Counts): void;
  /** Stops the clients and waits until all of their edits are acknowledged. */
  settle(): Promise<void>;
  /** Stops the clients, waits until they agree, and compares their state with the rows and with a new client's. */
  converge(url: string, readRows: () => Promise<Counts>): Promise<void>;
  report(name: string, startsMs: readonly number[]): void;
}

/** The fleet must contain at least one admitted relay. */
export async function startKillRun(fleet: RelayFleet): Promise<KillRun> {
  const random = createRandom(seed);
  const ledger = createLedger();
  let checkCount = 0;
  const writers = await Promise.all(
    Array.from({ length: writerCount }, () => createWriter(random, ledger, fleet.nextUrl)),
  );
  const [first] = writers;
  if (!first) throw new Error('There are no writers.');
  const turns = createTurns();
  const sharedMaps: RawCoMap[] = [];
  let killsLeft = 0;

  async function shareNext(from: Writer): Promise<void> {
    const map = createSharedMap(from.node);
    sharedMaps.push(map);
    for (const { node, share } of writers) share(await whenReached(node, map), turns);
  }

  async function untilMore(): Promise<void> {
    // Kills after one acknowledgement as often as after hundreds.
    const more = 2 ** random(0, 10);
    const before = ledger.total;
    await until(() => expect(ledger.total - before).toBeGreaterThanOrEqual(more), 300_000);
  }

  async function settle(): Promise<void> {
    for (const writer of writers) writer.stop();
    await until(() => {
      for (const { node, maps } of writers) {
        expect(findLost(countsOf(node, idsOf(maps)), ledger.counts)).toEqual([]);
      }
    }, 60_000);
  }

  const idsOf = (maps: readonly RawCoMap[] = []) => [...sharedMaps, ...maps].map(({ id }) => id);

  return {
    random,
    ledger,
    writers,
    async untilNextKill() {
      if (killsLeft-- === 0) {
        await shareNext(first);
        killsLeft = killsPerSharedMap - 1;
      }
      for (const writer of writers) writer.turnPage();
      await untilMore();
    },
    untilMore,
    claims: () => new Map(ledger.counts),
    claimsSince: (before) =>
      new Map([...ledger.counts].filter(([key, count]) => count > (before.get(key) ?? 0))),
    expectKept(claimed, kept) {
      checkCount++;
      expect(findLost(claimed, kept)).toEqual([]);
      if (checkCount % checksPerReport === 0)
        console.log(`${checkCount} checks, ${ledger.total} acknowledged`);
    },
    settle,
    async converge(url, readRows) {
      await settle();
      const shared = () => writers.map(({ node }) => countsOf(node, idsOf()));
      await until(() => {
        for (const other of shared()) expect(other).toEqual(shared()[0]);
      }, 60_000);
      const rows = await readRows();
      const held = new Map(writers.flatMap(({ node, maps }) => [...countsOf(node, idsOf(maps))]));
      expect(new Map([...rows].filter(([key]) => held.has(key)))).toEqual(held);
      expect(await loadFresh(url, held)).toEqual(held);
      // Equal transactions produce equal values on every client.
      const [values, ...others] = await Promise.all(
        writers.map(({ node }) =>
          Promise.all(sharedMaps.map(async (map) => (await loadMap(node, map)).toJSON())),
        ),
      );
      for (const other of others) expect(other).toEqual(values);
    },
    report(name, startsMs) {
      const sorted = [...startsMs].sort((a, b) => a - b).map(Math.round);
      console.log(
        `${name}, seed ${seed}: ${ledger.total} transactions acknowledged to ${writers.length} clients, 0 lost in ${checkCount} checks of the rows; ` +
          `${sorted.length} starts of relays, median ${sorted[Math.floor(sorted.length / 2)]} ms, longest ${sorted.at(-1)} ms`,
      );
    },
  };
}

/** Retries, because the relay may be down or not have the CoValue yet. */
function whenReached(node: LocalNode, map: RawCoMap): Promise<RawCoMap> {
  return until(() => loadMap(node, map), 60_000);
}
