import type { LocalNode } from 'cojson';
import type { BeingStored } from './pending-writes.ts';
import type { Ladder } from './ladder.ts';
import { hookNode } from './node-hooks.ts';
import type { NodeRelays } from './node-relays.ts';
import type { SyncEventStream } from './sync-events.ts';
import type { Tabs } from './tabs/tabs.ts';
import type { UnconfirmedMarks } from './unconfirmed-marks.ts';

/** Tells everybody who is concerned what becomes of a node's content. Returns the end. */
export function followNode(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly marks: UnconfirmedMarks;
  readonly relays: NodeRelays;
  readonly tabs: Tabs | undefined;
  readonly beingStored: BeingStored;
  readonly events: SyncEventStream;
  readonly onChange: () => void;
}): () => void {
  const { node, ladder, marks, relays, tabs, beingStored, events, onChange } = options;
  return hookNode(node, {
    edited(id, need, isMade) {
      ladder.edited(id, need, isMade);
      if (!tabs?.isImporting) events.changed(id, 'local');
    },
    storing(content) {
      beingStored.storing(content.id);
      marks.write();
      tabs?.storing(content);
    },
    stored(id, coverage) {
      beingStored.stored(id);
      ladder.saved(id, coverage);
      tabs?.stored(id, coverage);
    },
    handling(message, peer) {
      relays.handling(message, peer);
      tabs?.handling(message, peer);
    },
    handled(message, peer) {
      relays.handled(message, peer);
      tabs?.handled(message, peer);
    },
    brought(id) {
      events.changed(id, 'relay');
      onChange();
    },
    refused: (dropped) => events.emit('dropped', dropped),
  });
}
