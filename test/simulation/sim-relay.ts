import { noMetrics } from '../support/relay/no-metrics.ts';
import type { RawCoID } from 'cojson';
import { silentLogger } from '../../src/base/logger.ts';
import { readLimits } from '../../src/relay/config/limits.ts';
import { startServing, type Serving } from '../../src/relay/serving/serving.ts';
import type { Clock } from '../../src/base/clock.ts';
import { createHttpDoor, type HttpDoor } from './http-door.ts';
import type { Connection } from './network.ts';
import type { Dice } from './random.ts';
import { openRelayDatabase, type RelayDatabase } from './relay-database.ts';
import { emptyTables, type Tables } from './relay-tables.ts';
import type { RelayWords } from './relay-words.ts';
import { createRestores } from './restores.ts';
import { createStockMachine, type StockMachine } from './stock-machine.ts';
import type { SimRelay } from './world.ts';

const backupCount = 4;
const drainMs = 5_000;

/**
 * `mayChangeEpoch`: half of the restored backups get a new epoch, as after a restore of a PostgreSQL server. `beginsStock`:
 * its address leads to a stock server at first.
 */
export function createSimRelay(
  name: string,
  clock: Clock,
  dice: Dice,
  {
    random,
    mayChangeEpoch,
    beginsStock,
    removed,
    words,
  }: {
    /** When refused clients return. */
    readonly random: () => number;
    readonly mayChangeEpoch: boolean;
    readonly beginsStock: boolean;
    readonly removed: ReadonlySet<RawCoID>;
    readonly words: RelayWords;
  },
): SimRelay {
  const disk = { tables: emptyTables(name) };
  const backups: Tables[] = [];
  const links = new Set<Connection>();
  const id = `${name}.example`;
  const restores = createRestores(id, removed, words);
  let database: RelayDatabase | undefined;
  let serving: Serving | undefined;
  let door: HttpDoor | undefined;
  let isFailing = false;
  let isStock = beginsStock;
  /** In a run without stock servers, none is created. */
  let machine: StockMachine | undefined;
  const stock = () => (machine ??= createStockMachine(clock));

  function end(): void {
    machine?.kill();
    database?.kill();
    database = undefined;
    serving = undefined;
    door = undefined;
  }

  function cutAll(): void {
    for (const link of links) link.cut({ tab: dice.chance(70), relay: true });
    links.clear();
  }

  const served = () => (isStock ? stock().tables : disk.tables);

  return {
    name,
    id,
    url: `wss://${id}/sync`,
    links,
    excuses: restores.excuses,
    hasLost: restores.hasLost,
    hasGoneBack: restores.hasGoneBack,
    connecting: (device) => restores.connecting(device, served()),
    received: restores.received,
    get tables() {
      return served();
    },
    tablesOf({ storage, confirmed = [] }) {
      if (storage && storage !== 'stock') return disk.tables;
      // The device has yet to count anything as confirmed.
      return !storage && confirmed.length === 0 ? served() : (machine?.tables ?? disk.tables);
    },
    get isUp() {
      return isStock ? stock().isUp : serving !== undefined;
    },
    get restores() {
      return restores.count;
    },
    async start() {
      if (isStock) return stock().start();
      if (database) return;
      const opened = openRelayDatabase(disk, clock, dice);
      database = opened;
      let started: Serving;
      try {
        started = await startServing(opened, readLimits(), silentLogger, noMetrics, {
          memoryBytes: 1e9,
          random,
        });
      } catch {
        opened.kill();
        // A process that cannot read its disk ends; a later step restarts it.
        if (database === opened) database = undefined;
        return;
      }
      opened.isFailing = isFailing;
      if (database !== opened) return;
      serving = started;
      door = createHttpDoor(clock, () => serving === started);
    },
    kill() {
      end();
      cutAll();
    },
    async stop() {
      // A stock server has no farewell.
      if (isStock) return this.kill();
      const stopping = serving;
      const stoppingDatabase = database;
      serving = undefined;
      await stopping?.drain(drainMs);
      // Unless it was killed meanwhile and another process started.
      if (database === stoppingDatabase) end();
    },
    takeBackup() {
      if (isStock) return;
      backups.push(disk.tables);
      if (backups.length > backupCount) backups.shift();
    },
    restoreBackup(devices) {
      const backup = isStock ? undefined : dice.oneOf(backups);
      const before = disk.tables;
      if (!backup || backup === before) return false;
      const identity = { ...backup.identity, epoch: `after restore ${restores.count + 1}` };
      disk.tables = mayChangeEpoch && dice.chance(50) ? { ...backup, identity } : backup;
      restores.happened(before, disk.tables, devices);
      return true;
    },
    turn(devices) {
      const before = served();
      end();
      cutAll();
      isStock = !isStock;
      restores.happened(before, served(), devices);
      void this.start();
    },
    setFailing(isNowFailing) {
      isFailing = isNowFailing;
      if (database) database.isFailing = isNowFailing;
    },
    get door() {
      return isStock ? undefined : door;
    },
    open(socket, address) {
      if (isStock) stock().open(socket);
      else serving?.open(socket, { address });
    },
  };
}
