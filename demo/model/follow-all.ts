import { type Readable } from 'svelte/store';

/** Keeps a changing set of values subscribed to, and calls `changed` when one changes. Those that stay keep their subscription. */
export function createFollowing(valueOf: (id: string) => Readable<unknown>, changed: () => void) {
  const stops = new Map<string, () => void>();
  let isChangingSet = false;

  function set(ids: ReadonlySet<string>) {
    // Each subscription begins with a call.
    isChangingSet = true;
    for (const [id, stop] of stops) {
      if (ids.has(id)) continue;
      stops.delete(id);
      stop();
    }
    for (const id of ids) {
      if (stops.has(id)) continue;
      // A subscription can lead to another set.
      stops.set(id, () => {});
      stops.set(id, valueOf(id).subscribe(follow));
    }
    isChangingSet = false;
  }

  function follow() {
    if (!isChangingSet) changed();
  }

  return { set, stop: () => set(new Set()) };
}
