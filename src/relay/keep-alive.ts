import type { Clock } from '../base/clock.ts';
import type { Connection } from './client/client-connection.ts';

/** Stock clients give a server up that has said nothing for 10 s. */
export const pingEveryMs = 4_000;
/** A client that is alive answers a WebSocket ping by itself, whatever its page is busy with. */
export const silentMs = 30_000;

/** Pings all connections, and ends those whose other side is gone. Returns what stops it. */
export function keepAlive(
  connections: () => Iterable<Pick<Connection, 'heardAtMs' | 'ping' | 'terminate'>>,
  clock: Clock,
): () => void {
  let cancel = clock.after(pingEveryMs, beat);

  function beat(): void {
    const nowMs = clock.nowMs();
    for (const connection of connections()) {
      if (nowMs - connection.heardAtMs() > silentMs) connection.terminate();
      else connection.ping();
    }
    cancel = clock.after(pingEveryMs, beat);
  }

  return () => cancel();
}
