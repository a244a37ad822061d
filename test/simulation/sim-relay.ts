import { silentLogger } from '../../src/base/logger.ts';
import { readLimits } from '../../src/relay/config/limits.ts';
import { startServing, type Serving } from '../../src/relay/serving/serving.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Link } from './network.ts';
import type { Dice } from './random.ts';
import { openRelayDatabase, type RelayDatabase } from './relay-database.ts';
import { emptyTables, isDeletedIn, storedCounts, type Tables } from './relay-tables.ts';
import type { SimDevice, SimRelay } from './world.ts';

const noMeasures = { wire: { received: () => {}, sent: () => {}, refused: () => {} }, committed: () => {} };
const backupCount = 4;
const drainMs = 5_000;

/** `mayChangeEpoch`: half of the restored backups get a new epoch, as after a restore of a PostgreSQL server. */
export function createSimRelay(
  name: string,
  clock: Clock,
  dice: Dice,
  { mayChangeEpoch }: { readonly mayChangeEpoch: boolean },
): SimRelay {
  const disk = { tables: emptyTables(name) };
  const backups: Tables[] = [];
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
    connecting(device) {
      const { confirmed = [], storage } = device.relays.get(`${name}.example`) ?? {};
      if (restores === 0 || confirmed.length === 0) return;
      const hasNewEpoch = storage !== undefined && storage.epoch !== disk.tables.identity.epoch;
      const isPresent = confirmed.every(({ id, sessionID, count }) => {
        const stored = storedCounts(disk.tables, id);
        return stored !== undefined && ((stored[sessionID] ?? 0) >= count || isDeletedIn(stored));
      });
      if (isPresent && !hasNewEpoch) blind.add(device);
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
      if (database) return;
      const opened = openRelayDatabase(disk, clock, dice);
      database = opened;
      let started: Serving;
      try {
        started = await startServing(opened, readLimits(), silentLogger, noMeasures);
      } catch {
        opened.kill();
        // A process that cannot read its disk ends; a later step restarts it.
        if (database === opened) database = undefined;
        return;
      }
      opened.isFailing = isFailing;
      if (database === opened) serving = started;
    },
    kill() {
      end();
      for (const link of links) link.cut({ tab: dice.chance(70), relay: true });
      links.clear();
    },
    async stop() {
      const stopping = serving;
      const stoppingDatabase = database;
      serving = undefined;
      await stopping?.drain(drainMs);
      // Unless it was killed meanwhile and another process started.
      if (database === stoppingDatabase) end();
    },
    takeBackup() {
      backups.push(disk.tables);
      if (backups.length > backupCount) backups.shift();
    },
    restoreBackup() {
      const backup = dice.oneOf(backups);
      if (!backup || backup === disk.tables) return false;
      restores++;
      const identity = { ...backup.identity, epoch: `after restore ${restores}` };
      disk.tables = mayChangeEpoch && dice.chance(50) ? { ...backup, identity } : backup;
      return true;
    },
    setFailing(isNowFailing) {
      isFailing = isNowFailing;
      if (database) database.isFailing = isNowFailing;
    },
    open: (...connection) => serving?.open(...connection),
  };
}
