/** Who waits for edits to stand on this device. */
export interface SavedWaiting {
  whenSaved(ids: readonly string[]): Promise<void>;
  /** Something of it may have changed. */
  look(): void;
}

export function createSavedWaiting(isBeingSaved: (id: string) => boolean): SavedWaiting {
  const waiting = new Map<() => void, readonly string[]>();
  const isSaved = (ids: readonly string[]) => !ids.some(isBeingSaved);

  return {
    whenSaved: (ids) =>
      isSaved(ids) ? Promise.resolve() : new Promise((resolve) => waiting.set(resolve, ids)),
    look() {
      for (const [resolve, ids] of waiting) {
        if (!isSaved(ids)) continue;
        waiting.delete(resolve);
        resolve();
      }
    },
  };
}
