import { callListener } from '../platform/readable.ts';
import type { ChannelMoment, FrameTap, SyncInspection } from '../sync/inspection.ts';

const tapsByInspection = new WeakMap<SyncInspection, Set<FrameTap>>();

/** Lets several listeners hear the frames of one sync, whose hook is filled only while there is any. */
export function listenToFrames(inspection: SyncInspection, listener: FrameTap): () => void {
  const taps = tapsByInspection.get(inspection) ?? new Set();
  tapsByInspection.set(inspection, taps);
  const own = (moment: ChannelMoment) => listener(moment);
  taps.add(own);
  if (taps.size === 1) {
    inspection.setFrameTap((moment) => {
      for (const tap of [...taps]) callListener(tap, moment);
    });
  }
  return () => {
    if (taps.delete(own) && taps.size === 0) inspection.setFrameTap(undefined);
  };
}
