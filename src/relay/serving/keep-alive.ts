import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../client/client-connection.ts';

/** Stock clients disconnect from a server that is silent for 10 s. */
export const pingIntervalMs = 4_000;
/** A live client answers WebSocket pings even while its page is busy. */
export const maxSilenceMs = 30_000;

/** Pings all connections and terminates silent ones. Returns a function that stops it. */
export function keepAlive(
  connections: () => Iterable<Pick<Connection, 'lastSeenAtMs' | 'ping' | 'terminate'>>,
  clock: Clock,
): () => void {
  let cancel = clock.after(pingIntervalMs, pingAll);

  function pingAll(): void {
    const nowMs = clock.nowMs();
    for (const connection of connections()) {
      if (nowMs - connection.lastSeenAtMs() > maxSilenceMs) connection.terminate();
      else connection.ping();
    }
    cancel = clock.after(pingIntervalMs, pingAll);
  }

  return () => cancel();
}
