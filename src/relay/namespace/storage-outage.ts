import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../client/client-connection.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';

/** Disconnects the clients once the storage has failed for so long that more is wrong than a lost connection. */
export interface StorageOutage {
  /** True while clients should not be here. */
  readonly isOn: boolean;
  stop(): void;
}

export interface StorageOutageOptions {
  readonly storage: Pick<SqlStorage, 'attempts'>;
  readonly connections: ReadonlyMap<string, Connection>;
  /** Whether the database does work in which commits wait. */
  isMaintaining(): boolean;
  readonly clock: Clock;
  /** Called each time `isOn` becomes true. */
  began(): void;
  disconnect(connection: Connection): void;
}

export const checkIntervalMs = 1_000;
/** Both must hold of the attempts to commit one batch. */
const minFailures = 3;
const failingMs = 5_000;
/** An attempt may also get no answer at all. */
const stuckMs = 15_000;
/** Not all at once, because they come back, here or at another relay. */
const checksToDisconnectAll = 4;

export function watchForOutage(options: StorageOutageOptions): StorageOutage {
  const { storage, connections, isMaintaining, clock, began, disconnect } = options;
  let isOn = false;
  let countPerCheck = 0;
  let disconnected = new WeakSet<Connection>();
  let maintainedAtMs = -Infinity;
  let cancel = clock.after(checkIntervalMs, check);

  function isOutage(): boolean {
    const nowMs = clock.elapsedMs();
    return [...storage.attempts].some(
      ({ begunMs, failures, firstFailureMs }) =>
        nowMs - Math.max(begunMs, maintainedAtMs) >= stuckMs ||
        (failures >= minFailures && nowMs - firstFailureMs >= failingMs),
    );
  }

  function check(): void {
    cancel = clock.after(checkIntervalMs, check);
    if (isMaintaining()) maintainedAtMs = clock.elapsedMs();
    const wasOn = isOn;
    isOn = isOutage();
    if (!isOn) return;
    if (!wasOn) {
      countPerCheck = Math.ceil(connections.size / checksToDisconnectAll);
      disconnected = new WeakSet();
      began();
    }
    const present = [...connections.values()].filter((connection) => !disconnected.has(connection));
    for (const connection of present.slice(0, countPerCheck)) {
      disconnected.add(connection);
      disconnect(connection);
    }
  }

  return {
    get isOn() {
      return isOn && isOutage();
    },
    stop: () => cancel(),
  };
}
