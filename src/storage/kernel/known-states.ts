import type { CoValueCore } from 'cojson';
import type { KnownState, RawCoID } from '../content.ts';

/** What this tab knows to be on the device: what it wrote, or read. Other tabs may have written more. */
export interface KnownStates {
  get(id: RawCoID): KnownState | undefined;
  /** More is on the device than was known. */
  add(state: KnownState): void;
  forget(id: RawCoID): void;
  /** Nothing is there any more. */
  clear(): void;
  /** Resolves once all that the CoValue has is on the device, also what it gets meanwhile. */
  whenCovers(id: RawCoID, coValue: CoValueCore): Promise<void>;
}

export function createKnownStates(): KnownStates {
  const states = new Map<RawCoID, KnownState>();
  const waiting = new Map<RawCoID, Set<() => void>>();

  return {
    get: (id) => states.get(id),
    add(state) {
      const { id } = state;
      const sessions = { ...states.get(id)?.sessions };
      for (const [sessionID, count] of Object.entries(state.sessions) as [keyof typeof sessions, number][]) {
        sessions[sessionID] = Math.max(sessions[sessionID] ?? 0, count);
      }
      states.set(id, { id, header: true, sessions });
      for (const look of [...(waiting.get(id) ?? [])]) look();
    },
    forget: (id) => void states.delete(id),
    clear: () => states.clear(),
    async whenCovers(id, coValue) {
      if (covers(states.get(id), coValue.knownState())) return;
      await new Promise<void>((resolve) => {
        const looks = waiting.get(id) ?? new Set();
        waiting.set(id, looks);
        const look = () => {
          if (!covers(states.get(id), coValue.knownState())) return;
          looks.delete(look);
          if (looks.size === 0) waiting.delete(id);
          resolve();
        };
        looks.add(look);
      });
    },
  };
}

function covers(have: KnownState | undefined, need: KnownState): boolean {
  if (need.header && !have?.header) return false;
  return Object.entries(need.sessions).every(
    ([sessionID, count]) => (have?.sessions[sessionID as keyof KnownState['sessions']] ?? 0) >= count,
  );
}
