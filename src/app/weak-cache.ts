import { subscribeCounted, type Readable } from '../base/readable.ts';

/** Says whether the object is in use without a subscription. It is in use while it has one. */
export type Keep = (isInUse: boolean) => void;

/**
 * Gives the same readable for the same key while it is in use, or anything else holds it. A subscriber need not hold the readable,
 * and what follows its source may not either, so the cache holds it meanwhile.
 */
export function createWeakCache<T extends Readable<unknown>>(
  create: (key: string, keep: Keep) => T,
): (key: string) => T {
  const known = new Map<string, WeakRef<T>>();
  const subscribed = new Set<T>();
  const kept = new Set<T>();
  const collected = new FinalizationRegistry<string>((key) => {
    // Another object may have taken its place.
    if (!known.get(key)?.deref()) known.delete(key);
  });

  return (key) => {
    const before = known.get(key)?.deref();
    if (before) return before;
    const created = create(key, (isInUse) => void (isInUse ? kept.add(created) : kept.delete(created)));
    created.subscribe = subscribeCounted(
      { subscribe: created.subscribe.bind(created) },
      () => void subscribed.add(created),
      () => void subscribed.delete(created),
    );
    known.set(key, new WeakRef(created));
    collected.register(created, key);
    return created;
  };
}
