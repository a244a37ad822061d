import type { SessionMapLayer } from './session-maps.ts';

/** Sessions of which a peer announced content that was then dropped. cojson must not wait for it. */
export interface DroppedSessions {
  add(coValueID: string, sessionID: string): void;
}

/** Without it, cojson takes a CoValue for incomplete as long as anything is missing that was once announced. */
export function createDroppedSessions(): DroppedSessions & { readonly layer: SessionMapLayer } {
  const droppedByID = new Map<string, Set<string>>();
  return {
    add(coValueID, sessionID) {
      const dropped = droppedByID.get(coValueID) ?? new Set();
      droppedByID.set(coValueID, dropped.add(sessionID));
    },
    layer(createBelow, coValueID) {
      const map = createBelow();
      const isStreaming = map.isStreaming.bind(map);
      const getKnownStateWithStreaming = map.getKnownStateWithStreaming.bind(map);
      const isExpected = (sessionID: string) => droppedByID.get(coValueID)?.has(sessionID) !== true;

      function announced(): ReturnType<typeof map.getKnownStateWithStreaming> {
        const state = getKnownStateWithStreaming();
        if (!state || !droppedByID.has(coValueID)) return state;
        const here = map.getKnownState().sessions;
        const sessions = Object.entries(state.sessions).flatMap(([sessionID, count]) => {
          const expected = isExpected(sessionID) ? count : here[sessionID];
          return expected === undefined ? [] : [[sessionID, expected] as const];
        });
        return { ...state, sessions: Object.fromEntries(sessions) };
      }

      return Object.assign(map, {
        getKnownStateWithStreaming: announced,
        isStreaming() {
          if (!isStreaming() || !droppedByID.has(coValueID)) return isStreaming();
          const here = map.getKnownState().sessions;
          const sessions = Object.entries(announced()?.sessions ?? {});
          return sessions.some(([sessionID, count]) => count > (here[sessionID] ?? 0));
        },
      });
    },
  };
}
