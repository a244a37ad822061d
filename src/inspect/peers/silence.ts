import type { SyncInspection } from '../../sync/inspection.ts';
import { listenToFrames } from '../shared/taps.ts';
import type { Overview } from '../snapshot/overview-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';

/** When each relay last sent anything, and which connected ones have been silent for too long. */
export interface Silence {
  lastReceivedMs(relayID: string): number | undefined;
  /** Adds the outage of silent relays. Returns the same object if there are none. */
  addTo<Facts extends Pick<Overview, 'relays'>>(overview: Facts, nowMs: number): Facts;
  close(): void;
}

/** A relay pings every 4 s, and the kernel gives it up after 10 s. */
export const silentAfterMs = 6_000;

/** `beganMs`: now, or undefined if the node's frames cannot be seen. A relay that sent nothing since is silent since then. */
export function createSilence(inspection: SyncInspection, beganMs: number | undefined): Silence {
  const receivedMs = new Map<string, number>();
  const close = listenToFrames(inspection, ({ kind, peerID, atMs }) => {
    if (kind === 'received') receivedMs.set(peerID, atMs);
  });

  const lastReceivedMs = (relayID: string) => receivedMs.get(relayID) ?? beganMs;

  function isSilent({ id, phase }: Relay, nowMs: number): boolean {
    return phase === 'connected' && nowMs - (lastReceivedMs(id) ?? nowMs) > silentAfterMs;
  }

  function withSilence(relay: Relay, nowMs: number): Relay {
    const sinceMs = lastReceivedMs(relay.id);
    if (sinceMs === undefined || !isSilent(relay, nowMs)) return relay;
    return { ...relay, outage: { kind: 'relay-silent', sinceMs } };
  }

  return {
    lastReceivedMs,
    addTo(overview, nowMs) {
      if (!overview.relays.some((relay) => isSilent(relay, nowMs))) return overview;
      return { ...overview, relays: overview.relays.map((relay) => withSilence(relay, nowMs)) };
    },
    close,
  };
}
