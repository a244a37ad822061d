import type { MessageTap, SyncInspection } from '../sync/inspection.ts';

const tapsByInspection = new WeakMap<SyncInspection, Set<MessageTap>>();

/** Lets several inspectors hear the messages of one sync, whose hook is filled only while there is any. */
export function listenToMessages(inspection: SyncInspection, listener: MessageTap): () => void {
  const taps = tapsByInspection.get(inspection) ?? new Set();
  tapsByInspection.set(inspection, taps);
  taps.add(listener);
  if (taps.size === 1) {
    inspection.setTap((...message) => {
      for (const tap of taps) tap(...message);
    });
  }
  return () => {
    if (taps.delete(listener) && taps.size === 0) inspection.setTap(undefined);
  };
}
