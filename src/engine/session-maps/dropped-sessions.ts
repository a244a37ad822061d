import type { SessionMapLayer } from './session-maps.ts';

/** What relays have announced, without the sessions that were then dropped. */
export interface DroppedSessions {
  add(coValueID: string, sessionID: string): void;
  /** A relay has announced this many transactions: the CoValue is incomplete until they are here, or are withdrawn. */
  announced(coValueID: string, relayID: string, counts: Readonly<Record<string, number>>): void;
  withdrawn(coValueID: string, relayID: string): void;
}

/** Keeps what relays announce apart from what cojson awaits: its own announcements last as long as the CoValue's memory. */
export function createDroppedSessions(): DroppedSessions & { readonly layer: SessionMapLayer } {
  const droppedByID = new Map<string, Set<string>>();
  /** By CoValue and relay. */
  const announcedByID = new Map<string, Map<string, Readonly<Record<string, number>>>>();

  return {
    announced(coValueID, relayID, counts) {
      const byRelay = announcedByID.get(coValueID) ?? new Map<string, Readonly<Record<string, number>>>();
      announcedByID.set(coValueID, byRelay.set(relayID, { ...byRelay.get(relayID), ...counts }));
    },
    withdrawn(coValueID, relayID) {
      const byRelay = announcedByID.get(coValueID);
      byRelay?.delete(relayID);
      if (byRelay?.size === 0) announcedByID.delete(coValueID);
    },
    add(coValueID, sessionID) {
      const dropped = droppedByID.get(coValueID) ?? new Set();
      droppedByID.set(coValueID, dropped.add(sessionID));
    },
    layer(createBelow, coValueID) {
      const map = createBelow();
      const isStreaming = map.isStreaming.bind(map);

      function isMissing([sessionID, count]: readonly [string, number]): boolean {
        const isDropped = droppedByID.get(coValueID)?.has(sessionID) === true;
        return !isDropped && map.getTransactionCount(sessionID) < count;
      }

      function isAnnounced(): boolean {
        const announced = [...(announcedByID.get(coValueID)?.values() ?? [])];
        return announced.some((counts) => Object.entries(counts).some(isMissing));
      }

      return Object.assign(map, { isStreaming: () => isStreaming() || isAnnounced() });
    },
  };
}
