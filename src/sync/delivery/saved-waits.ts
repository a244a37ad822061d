/** Promises that wait for edits to be stored on this device. */
export interface SavedWaits {
  whenSaved(ids: readonly string[]): Promise<void>;
  /** Resolves promises whose edits are stored now. */
  check(): void;
}

export function createSavedWaits(isBeingSaved: (id: string) => boolean): SavedWaits {
  const waiting = new Map<() => void, readonly string[]>();
  const isSaved = (ids: readonly string[]) => !ids.some(isBeingSaved);

  return {
    whenSaved: (ids) =>
      isSaved(ids) ? Promise.resolve() : new Promise((resolve) => waiting.set(resolve, ids)),
    check() {
      for (const [resolve, ids] of waiting) {
        if (!isSaved(ids)) continue;
        waiting.delete(resolve);
        resolve();
      }
    },
  };
}
