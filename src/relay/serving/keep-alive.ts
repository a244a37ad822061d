import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../client/client-connection.ts';

export interface KeepAlive {
  /** Pings the connection from now on, until the returned function is called. */
  enter(connection: Pick<Connection, 'lastSeenAtMs' | 'ping' | 'terminate'>): () => void;
  stop(): void;
}

/** Stock clients disconnect from a server that is silent for 10 s. */
export const pingIntervalMs = 4_000;
/** A live client answers WebSocket pings even while its page is busy. */
export const maxSilenceMs = 30_000;
/** Connections are pinged in turn: pinging thousands at once and reading the answers would hold up everything else. */
const phaseCount = 40;
/** This many connections in a row share a turn. */
const connectionsPerPhase = 50;

/** Pings each connection every four seconds, and terminates silent ones. */
export function keepAlive(clock: Clock): KeepAlive {
  const phases = Array.from({ length: phaseCount }, () => new Set<Parameters<KeepAlive['enter']>[0]>());
  let enteredCount = 0;
  let beats = 0;
  let cancel = clock.after(pingIntervalMs / phaseCount, beat);

  function beat(): void {
    const elapsedMs = clock.elapsedMs();
    for (const connection of phaseOf(beats++)) {
      if (elapsedMs - connection.lastSeenAtMs() > maxSilenceMs) connection.terminate();
      else connection.ping();
    }
    cancel = clock.after(pingIntervalMs / phaseCount, beat);
  }

  const phaseOf = (count: number) => phases[count % phaseCount] ?? new Set();

  return {
    enter(connection) {
      const phase = phaseOf(phaseCount - 1 + Math.floor(enteredCount++ / connectionsPerPhase));
      phase.add(connection);
      return () => void phase.delete(connection);
    },
    stop: () => cancel(),
  };
}
