import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../client/client-connection.ts';
import type { StorageMemory } from '../database/restores/remember-storage.ts';
import type { Usage } from '../quota/usage.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import { createUpkeepSlices } from './upkeep-slices.ts';

export interface DrainOptions {
  readonly node: LocalNode;
  readonly storage: SqlStorage;
  readonly remembered: StorageMemory | undefined;
  readonly usage: Pick<Usage, 'write'> | undefined;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly guests: ReadonlySet<Pick<Connection, 'refuse' | 'terminate'>>;
  /** See `StorageDoubts`. */
  onceSure(run: () => void): void;
  /** Calls `run` once no client is connected. */
  whenAllGone(run: () => void): void;
  /** Ends everything that runs beside the storage. Called once the clients are gone. */
  stop(): void;
  readonly clock: Clock;
  readonly withinMs: number;
}

/** Commits and acknowledges accepted content, disconnects the clients and closes the storage. */
export async function drainNamespace(options: DrainOptions): Promise<void> {
  const { node, storage, remembered, usage, connections, guests, onceSure, whenAllGone, stop } = options;
  const { clock, withinMs } = options;
  const untilMs = clock.nowMs() + withinMs;
  for (const connection of connections.values()) connection.stopReading();
  // Wait for the commit of what was received, so that clients get the acknowledgements before they are disconnected.
  // Do not wait for content that cannot be stored.
  await withinTime((done) => storage.onceWritten(undefined, () => onceSure(done)));
  const slices = createUpkeepSlices(clock);
  for (const client of [...connections.values(), ...guests]) {
    client.refuse('draining', 'The relay is stopping.', 1_000);
    if (slices.isOver()) await slices.next();
  }
  await withinTime(whenAllGone);
  for (const client of [...connections.values(), ...guests]) client.terminate();
  stop();
  // The node writes its remaining state to the database.
  await withinTime((done) => void Promise.resolve(node.syncManager.gracefulShutdown()).then(done));
  await withinTime((done) => void (usage ? usage.write().then(done) : done()));
  await withinTime((done) => void (remembered ? remembered.close().then(done) : done()));
  await storage.close(Math.max(0, untilMs - clock.nowMs()));

  async function withinTime(wait: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(0, untilMs - clock.nowMs()), resolve);
      wait(() => {
        cancel();
        resolve();
      });
    });
  }
}
