import type { LocalNode, PeerState, RawCoID } from 'cojson';
import type { Content } from '../../engine/content.ts';
import { addHeldContent, getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import { interceptContent } from '../../engine/node-events.ts';

/**
 * Reads what this device has stored of a CoValue before it takes what a relay sends unasked, such as the group of a value.
 * cojson would go on with the relay's content alone: what only this device has would be neither shown nor sent. Returns a
 * function that ends it.
 */
export function readStoredFirst(node: LocalNode): () => void {
  const { storage } = node;
  if (!storage) return () => {};
  const held = new Map<RawCoID, [Content, PeerState][]>();
  addHeldContent(node, (id) => held.has(id));

  return interceptContent(node, 'stored-first', (next) => (content, from) => {
    if (typeof from !== 'object') return next(content, from);
    const { id } = content;
    const waiting = held.get(id);
    if (waiting) return void waiting.push([content, from]);
    const core = getOrCreateCoValue(node, id);
    if (core.isAvailable() || core.getLoadingStateForPeer('storage') !== 'unknown')
      return next(content, from);
    const contents: [Content, PeerState][] = [[content, from]];
    held.set(id, contents);
    core.loadFromStorage(() => {
      held.delete(id);
      for (const one of contents) next(...one);
    });
  });
}
