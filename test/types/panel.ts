// Misuse of the inspector and the panel that the public types reject. `tsc` checks this file; nothing runs it.
import { mountDevtools } from '@MaiaOS/kernel/devtools';
import { createInspector, type Inspector, type InspectorSnapshot } from '@MaiaOS/kernel/inspect';
import type { SyncPeers } from '@MaiaOS/kernel';

export function inspector(opened: Inspector, snapshot: InspectorSnapshot, sync: SyncPeers) {
  // @ts-expect-error: it needs a node, a session or sync.
  createInspector();
  // @ts-expect-error: a target is a node, a session or sync.
  createInspector('co_zNode');
  // @ts-expect-error: the options are an object.
  createInspector(sync, 1_000);
  // @ts-expect-error: snapshots are immutable.
  snapshot.atMs = 2;
  // @ts-expect-error: a CoValue is named by its ID.
  void opened.explain(7);
  // @ts-expect-error: the answers have to be awaited.
  void opened.askRelays('co_zOne').length;
  // @ts-expect-error: content is exported as 'all' or 'unsynced'.
  opened.controls.exportContent('mine');
  // @ts-expect-error: a recording is text.
  void opened.controls.replay({ frames: [] });
  // @ts-expect-error: a fault plan needs a seed.
  opened.controls.setFaults({ refuse: 0.5 });
}

export function panel() {
  // @ts-expect-error: shadow roots are 'open' or 'closed'.
  mountDevtools({ shadowMode: 'none' });
  // @ts-expect-error: a hotkey is text.
  mountDevtools({ hotkey: ['Alt', 'M'] });
  // @ts-expect-error: the result has `unmount`.
  mountDevtools().close();
  // @ts-expect-error: the element takes the same targets as the inspector.
  document.createElement('maia-devtools').target = 'co_zNode';
}
