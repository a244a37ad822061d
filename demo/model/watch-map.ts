import { isRawCoID, RawCoMap, type LocalNode } from '@MaiaOS/kernel/cojson';

/** A CoMap's state. `missing`: neither this device nor a reachable relay has it so far. */
export type WatchedMap = RawCoMap | 'loading' | 'missing';

/**
 * Calls `changed` immediately and on each change, including when a missing map arrives or becomes readable. The map is
 * live: read it during the call.
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
  // The subscription reports the result. Loading rejects only for a malformed ID, which was ruled out above.
  void node.loadCoValueCore(id);
  return stop;
}
