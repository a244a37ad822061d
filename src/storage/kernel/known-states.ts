import type { CoValueCore } from 'cojson';
import type { KnownState, RawCoID } from '../../engine/content.ts';

/** What this tab knows to be stored, because it wrote or read it. Other tabs may have stored more. */
export interface KnownStates {
  get(id: RawCoID): KnownState | undefined;
  /** Merges into the known state. */
  add(state: KnownState): void;
  forget(id: RawCoID): void;
  /** It is unknown what is still stored. */
  clear(): void;
  /** Resolves once everything that the CoValue has, including later additions, is stored. */
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
      for (const check of [...(waiting.get(id) ?? [])]) check();
    },
    forget: (id) => void states.delete(id),
    clear: () => states.clear(),
    async whenCovers(id, coValue) {
      if (covers(states.get(id), coValue.knownState())) return;
      await new Promise<void>((resolve) => {
        const checks = waiting.get(id) ?? new Set();
        waiting.set(id, checks);
        const check = () => {
          if (!covers(states.get(id), coValue.knownState())) return;
          checks.delete(check);
          if (checks.size === 0) waiting.delete(id);
          resolve();
        };
        checks.add(check);
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
