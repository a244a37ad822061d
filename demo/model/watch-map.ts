import { isRawCoID, RawCoMap, type LocalNode } from '@MaiaOS/kernel/cojson';

/** What this device has of a CoMap. `missing`: neither this device nor a relay that answers has it, so far. */
export type WatchedMap = RawCoMap | 'loading' | 'missing';

/**
 * Calls at once and on each change, also when a map that was missing arrives later or its group lets us read it.
 * The map itself is live: the caller takes what it needs from it during the call.
 */
export function watchMap(node: LocalNode, id: string, changed: (map: WatchedMap) => void): () => void {
  if (!isRawCoID(id)) {
    changed('missing');
    return () => {};
  }
  const core = node.getCoValue(id);
  const stop = core.subscribe(() => {
    const content = core.isAvailable() ? core.getCurrentContent() : undefined;
    if (content instanceof RawCoMap) changed(content);
    else if (content !== undefined || core.loadingState === 'unavailable') changed('missing');
    else changed('loading');
  });
  // What it answers is seen through the subscription; it rejects only for an id of wrong form, which is excluded above.
  void node.loadCoValueCore(id);
  return stop;
}
