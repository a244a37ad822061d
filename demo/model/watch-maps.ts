import { type Session } from '@MaiaOS/kernel';

/** Keeps a changing set of maps loaded, and calls `changed` when one changes. Those that stay are not loaded again. */
export function createMapWatch(session: Session, changed: () => void) {
  let maps = session.watchAll([]);
  let stop = () => {};
  return {
    set(ids: readonly string[]) {
      const next = session.watchAll(ids);
      if (next === maps) return;
      maps = next;
      const stopBefore = stop;
      stop = () => {};
      const stopNext = next.subscribe(changed);
      stopBefore();
      // `changed` may have set others.
      if (maps === next) stop = stopNext;
      else stopNext();
    },
    stop: () => stop(),
  };
}
