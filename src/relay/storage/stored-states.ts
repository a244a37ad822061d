import type { KnownState } from '../../engine/content.ts';

/** The stored states of CoValues loaded or stored since the start. They count only committed content. */
export interface StoredStates {
  get(id: string): KnownState | undefined;
  add(state: KnownState): void;
  forget(id: string): void;
  forgetAll(): void;
  /** Resolves once everything that `wanted` returns is stored. `wanted` is evaluated again after each commit. */
  waitFor(id: string, wanted: () => KnownState): Promise<void>;
}

export function createStoredStates(): StoredStates {
  const countsByID = new Map<string, Map<string, number>>();
  const checksByID = new Map<string, Set<() => void>>();

  function covers(id: string, { header, sessions }: KnownState): boolean {
    const counts = countsByID.get(id);
    if (!counts) return !header && Object.keys(sessions).length === 0;
    return Object.entries(sessions).every(([session, count]) => count <= (counts.get(session) ?? 0));
  }

  return {
    get(id) {
      const counts = countsByID.get(id);
      return counts && ({ id, header: true, sessions: Object.fromEntries(counts) } as KnownState);
    },
    add({ id, sessions }) {
      const counts = countsByID.get(id) ?? new Map<string, number>();
      countsByID.set(id, counts);
      for (const [session, count] of Object.entries(sessions)) {
        counts.set(session, Math.max(count, counts.get(session) ?? 0));
      }
      for (const check of [...(checksByID.get(id) ?? [])]) check();
    },
    forget: (id) => void countsByID.delete(id),
    forgetAll: () => countsByID.clear(),
    waitFor(id, wanted) {
      if (covers(id, wanted())) return Promise.resolve();
      return new Promise((resolve) => {
        const checks = checksByID.get(id) ?? new Set();
        checksByID.set(id, checks);
        checks.add(check);

        function check(): void {
          if (!covers(id, wanted())) return;
          checks.delete(check);
          if (checks.size === 0) checksByID.delete(id);
          resolve();
        }
      });
    },
  };
}
