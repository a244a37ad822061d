/** Watches a changing set of IDs: starts new watchers, stops removed ones and keeps the rest. */
export function createWatcherSet<Watcher extends { stop(): void }>(start: (id: string) => Watcher) {
  const watcherByID = new Map<string, Watcher>();
  return {
    set(ids: readonly string[]) {
      const wanted = new Set(ids);
      for (const [id, watcher] of watcherByID) {
        if (wanted.has(id)) continue;
        watcherByID.delete(id);
        watcher.stop();
      }
      for (const id of wanted) {
        if (!watcherByID.has(id)) watcherByID.set(id, start(id));
      }
    },
    all: () => [...watcherByID.values()],
    stop() {
      for (const watcher of watcherByID.values()) watcher.stop();
      watcherByID.clear();
    },
  };
}
