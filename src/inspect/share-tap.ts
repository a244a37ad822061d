import { callListener } from '../base/readable.ts';
import type { SyncInspection } from '../sync/inspection.ts';

/** Adds a listener to what one sync tells; returns the end. */
export type Listen<T> = (inspection: SyncInspection, listener: (told: T) => void) => () => void;

/** Lets several inspectors hear by a hook of a sync that takes one listener, and fills it only while there is any. */
export function shareTap<T>(
  setTap: (inspection: SyncInspection, tap: ((told: T) => void) | undefined) => void,
): Listen<T> {
  const tapsByInspection = new WeakMap<SyncInspection, Set<(told: T) => void>>();
  return (inspection, listener) => {
    const taps = tapsByInspection.get(inspection) ?? new Set();
    tapsByInspection.set(inspection, taps);
    const own = (told: T) => listener(told);
    taps.add(own);
    if (taps.size === 1) {
      setTap(inspection, (told) => {
        for (const tap of [...taps]) callListener(tap, told);
      });
    }
    return () => {
      if (taps.delete(own) && taps.size === 0) setTap(inspection, undefined);
    };
  };
}
