import type { Clock } from '../../base/clock.ts';
import type { PeerInspection } from '../../sync/inspection.ts';
import type { Overview } from '../snapshot/overview-facts.ts';

/** A relay pings every 4 s, and the kernel closes the connection after 10 s of silence. */
export const silentAfterMs = 6_000;

/** Adds the outage of relays that are connected but silent. Returns the same object if there are none. */
export function withSilence<Facts extends Pick<Overview, 'relays'>>(
  overview: Facts,
  peers: readonly PeerInspection[],
  clock: Clock,
): Facts {
  const receivedAtMs = new Map(peers.map((peer) => [peer.id, peer.receivedAtMs]));
  const latestMs = clock.elapsedMs() - silentAfterMs;
  let isAnySilent = false;
  const relays = overview.relays.map((relay) => {
    const atMs = receivedAtMs.get(relay.id);
    if (relay.phase !== 'connected' || atMs === undefined || atMs >= latestMs) return relay;
    isAnySilent = true;
    return { ...relay, outage: { kind: 'relay-silent', sinceMs: momentOf(atMs, clock) } as const };
  });
  return isAnySilent ? { ...overview, relays } : overview;
}

/**
 * Of a time by `elapsedMs`, in ms since the Unix epoch by the present setting of the clock. Rounded to tenths of a second: another
 * result rebuilds all rows, and the two clocks count in different fractions.
 */
export function momentOf(elapsedMs: number, clock: Clock): number {
  return Math.round((clock.nowMs() - clock.elapsedMs() + elapsedMs) / 100) * 100;
}
