import type { LocalNode, RawCoID } from 'cojson';
import type { PendingWrites } from './pending-writes.ts';
import type { Ladder } from './ladder.ts';
import { reportDeletion } from './report-deletion.ts';
import { listen } from '../../engine/node-events.ts';
import type { NodeRelays } from '../relays/node-relays.ts';
import type { SyncEventStream } from '../sync-events.ts';
import type { Tabs } from '../tabs/tabs.ts';
import type { DebtBook } from './debt-book.ts';
import type { Validity } from './validity.ts';

/** Passes the node's events on to the parts of its sync. Returns a function that stops this. */
export function followNode(options: {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly debts: DebtBook;
  readonly validity: Pick<Validity, 'made' | 'changed'>;
  readonly relays: NodeRelays;
  readonly tabs: Tabs | undefined;
  readonly pendingWrites: PendingWrites;
  readonly events: SyncEventStream;
  readonly onChange: () => void;
}): () => void {
  const { node, ladder, debts, validity, relays, tabs, pendingWrites, events, onChange } = options;
  return listen(node, {
    edited(id, need, isMade) {
      ladder.edited(id, need, isMade);
      if (isMade) validity.made(id, need);
      validity.changed(id);
      if (!tabs?.isImporting) events.changed(id, 'local');
    },
    storing(content) {
      pendingWrites.storing(content.id);
      debts.writeDebts();
      tabs?.storing(content);
    },
    stored(id, counts) {
      pendingWrites.stored(id);
      ladder.saved(id, counts);
      // cojson stores nothing else of a CoValue once it is deleted.
      reportDeletion(node, ladder, id as RawCoID);
      tabs?.stored(id, counts);
    },
    handling: relays.handling,
    handled(message, peer) {
      relays.handled(message, peer);
      tabs?.handled(message, peer);
    },
    received(id) {
      validity.changed(id);
      events.changed(id, 'relay');
      onChange();
    },
    refused: (dropped) => events.emit('dropped', dropped),
  });
}
