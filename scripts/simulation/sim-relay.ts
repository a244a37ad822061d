import { silentLogger } from '../../src/base/logger.ts';
import { readLimits } from '../../src/relay/config/limits.ts';
import { startServing, type Serving } from '../../src/relay/serving/serving.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Link } from '../../test/simulation/network.ts';
import type { Dice } from '../../test/simulation/random.ts';
import type { SimDevice } from '../../test/simulation/sim-device.ts';
import { openRelayDatabase, type RelayDatabase } from '../../test/simulation/relay-database.ts';
import { emptyTables, isDeletedIn, storedCounts, type Tables } from '../../test/simulation/relay-tables.ts';

/** A relay's machine: the real relay on a disk that can be looked at, killed and put back. */
export interface SimRelay {
  readonly name: string;
  readonly url: string;
  readonly tables: Tables;
  /** Its process serves. */
  readonly isUp: boolean;
  /** Counts how often it was put back to an older state. */
  readonly restores: number;
  readonly links: Set<Link>;
  /**
   * Devices that cannot know that it was put back: what it confirmed to them last is there, as another device has brought
   * it again. A kernel asks for that and for nothing else.
   */
  readonly blind: ReadonlySet<SimDevice>;
  /** A tab of the device connects. */
  isAsked(device: SimDevice): void;
  start(): Promise<void>;
  /** The process ends at once. Whoever is connected notices, or finds out. */
  kill(): void;
  /** The process ends as it should. */
  stop(): Promise<void>;
  keepCopy(): void;
  /** An older copy takes the place of what the disk has, the epoch included. False where there is none. */
  putBack(): boolean;
  setFailing(isFailing: boolean): void;
  open: Serving['open'];
}

const measured = { wire: { received: () => {}, sent: () => {}, refused: () => {} }, committed: () => {} };
const copiesKept = 4;
const drainMs = 5_000;

/** `mayTell`: half of the older copies have an epoch of their own, as `maia-relay epoch new` gives it. */
export function createSimRelay(
  name: string,
  clock: Clock,
  dice: Dice,
  { mayTell }: { readonly mayTell: boolean },
): SimRelay {
  const disk = { tables: emptyTables(name) };
  const copies: Tables[] = [];
  const links = new Set<Link>();
  const blind = new Set<SimDevice>();
  let database: RelayDatabase | undefined;
  let serving: Serving | undefined;
  let isFailing = false;
  let restores = 0;

  function end(): void {
    database?.kill();
    database = undefined;
    serving = undefined;
  }

  return {
    name,
    url: `wss://${name}.example/sync`,
    links,
    blind,
    isAsked(device) {
      const { confirmed = [], storage } = device.relays.get(`${name}.example`) ?? {};
      if (restores === 0 || confirmed.length === 0) return;
      const isTold = storage !== undefined && storage.epoch !== disk.tables.identity.epoch;
      const isThere = confirmed.every(({ id, sessionID, count }) => {
        const stored = storedCounts(disk.tables, id);
        return stored !== undefined && ((stored[sessionID] ?? 0) >= count || isDeletedIn(stored));
      });
      if (isThere && !isTold) blind.add(device);
      else blind.delete(device);
    },
    get tables() {
      return disk.tables;
    },
    get isUp() {
      return serving !== undefined;
    },
    get restores() {
      return restores;
    },
    async start() {
      if (database) return; // It is on its way.
      const own = openRelayDatabase(disk, clock, dice);
      database = own;
      let began: Serving;
      try {
        began = await startServing(own, readLimits(), silentLogger, measured);
      } catch {
        own.kill();
        // A process that cannot read its disk ends, and somebody starts it again.
        if (database === own) database = undefined;
        return;
      }
      own.isFailing = isFailing;
      if (database === own) serving = began;
    },
    kill() {
      end();
      for (const link of links) link.cut({ tab: dice.chance(70), relay: true });
      links.clear();
    },
    async stop() {
      const [stopping, own] = [serving, database];
      serving = undefined;
      await stopping?.drain(drainMs);
      // It may have been killed meanwhile, and another process begun.
      if (database === own) end();
    },
    keepCopy() {
      copies.push(disk.tables);
      if (copies.length > copiesKept) copies.shift();
    },
    putBack() {
      const copy = dice.oneOf(copies);
      if (!copy || copy === disk.tables) return false;
      restores++;
      const identity = { ...copy.identity, epoch: `after restore ${restores}` };
      disk.tables = mayTell && dice.chance(50) ? { ...copy, identity } : copy;
      return true;
    },
    setFailing(fails) {
      isFailing = fails;
      if (database) database.isFailing = fails;
    },
    open: (...given) => serving?.open(...given),
  };
}
