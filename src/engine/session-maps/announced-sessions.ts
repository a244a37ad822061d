import type { SessionMapLayer } from './session-maps.ts';

type Counts = Readonly<Record<string, number>>;

/** How many transactions of each session relays have announced. The CoValue is incomplete until they are here. */
export interface AnnouncedSessions {
  add(coValueID: string, relayID: string, counts: Counts): void;
  /** The relay does not send it, at least not on this connection. */
  withdraw(coValueID: string, relayID: string): void;
  /** Of what this relay has announced of the session, nothing is awaited. */
  drop(coValueID: string, relayID: string, sessionID: string): void;
  /** The largest numbers, by session. Includes what is here already. */
  of(coValueID: string): Counts;
}

/** Keeps what relays announce apart from what cojson awaits: its own announcements last as long as the CoValue's memory. */
export function createAnnouncedSessions(): AnnouncedSessions & { readonly layer: SessionMapLayer } {
  /** By CoValue and relay. */
  const announcedByID = new Map<string, Map<string, Counts>>();

  function announcedOf(coValueID: string): Counts {
    const most: Record<string, number> = {};
    for (const counts of announcedByID.get(coValueID)?.values() ?? [])
      for (const [sessionID, count] of Object.entries(counts))
        most[sessionID] = Math.max(most[sessionID] ?? 0, count);
    return most;
  }

  return {
    of: announcedOf,
    add(coValueID, relayID, counts) {
      const byRelay = announcedByID.get(coValueID) ?? new Map<string, Counts>();
      announcedByID.set(coValueID, byRelay.set(relayID, { ...byRelay.get(relayID), ...counts }));
    },
    withdraw(coValueID, relayID) {
      const byRelay = announcedByID.get(coValueID);
      byRelay?.delete(relayID);
      if (byRelay?.size === 0) announcedByID.delete(coValueID);
    },
    drop(coValueID, relayID, sessionID) {
      const byRelay = announcedByID.get(coValueID);
      const { [sessionID]: _, ...left } = byRelay?.get(relayID) ?? {};
      byRelay?.set(relayID, left);
    },
    layer(createBelow, coValueID) {
      const map = createBelow();
      const isStreaming = map.isStreaming.bind(map);

      // Asked for each change of each CoValue, and most announce nothing.
      const isAwaiting = () =>
        announcedByID.has(coValueID) &&
        Object.entries(announcedOf(coValueID)).some(
          ([sessionID, count]) => map.getTransactionCount(sessionID) < count,
        );
      return Object.assign(map, { isStreaming: () => isStreaming() || isAwaiting() });
    },
  };
}
