import { callListener } from '../../base/readable.ts';
import type { ChannelMoment, MessageTap, RungTap, SyncInspection } from '../../sync/inspection.ts';

type Listen<T> = (inspection: SyncInspection, listener: (event: T) => void) => () => void;

const listenToMessageTuples = shareTap<Parameters<MessageTap>>((inspection, tap) =>
  inspection.setTap(tap && ((...message) => tap(message))),
);

export function listenToMessages(inspection: SyncInspection, listener: MessageTap): () => void {
  return listenToMessageTuples(inspection, (message) => listener(...message));
}

export const listenToFrames = shareTap<ChannelMoment>((inspection, tap) => inspection.setFrameTap(tap));

export const listenToRungs = shareTap<Parameters<RungTap>>((inspection, tap) =>
  inspection.setRungTap(tap && ((...step) => tap(step))),
);

/** Lets several listeners share a hook that takes only one, and sets the hook only while there are any. */
function shareTap<T>(
  setTap: (inspection: SyncInspection, tap: ((event: T) => void) | undefined) => void,
): Listen<T> {
  const tapsByInspection = new WeakMap<SyncInspection, Set<(event: T) => void>>();
  return (inspection, listener) => {
    const taps = tapsByInspection.get(inspection) ?? new Set();
    tapsByInspection.set(inspection, taps);
    // A new function for each call, because the same listener may be added twice.
    const tap = (event: T) => listener(event);
    taps.add(tap);
    if (taps.size === 1) {
      setTap(inspection, (event) => {
        for (const tap of [...taps]) callListener(tap, event);
      });
    }
    return () => {
      if (taps.delete(tap) && taps.size === 0) setTap(inspection, undefined);
    };
  };
}
