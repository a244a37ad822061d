import type { LocalNode } from 'cojson';
import { activeSession } from '../session/active-session.ts';
import { inspectionOf, onSyncOffered } from '../sync/inspection.ts';
import type { InspectorTarget } from './target.ts';

/**
 * Calls back with the target, or with each active session of the page, and again with the node whenever the node gets
 * another sync. Returns the stop function.
 */
export function followTarget(
  target: InspectorTarget | undefined,
  onTarget: (target: InspectorTarget | undefined) => void,
): () => void {
  let followed: LocalNode | undefined;
  const follow = (next: InspectorTarget | undefined) => {
    followed = next && nodeOf(next);
    onTarget(next);
  };
  if (target) follow(target);
  const stopSessions = target ? undefined : activeSession.subscribe(follow);
  const stopSyncs = onSyncOffered((node) => {
    // Once the sync is connected.
    queueMicrotask(() => {
      if (node === followed) onTarget(node);
    });
  });
  return () => {
    stopSyncs();
    stopSessions?.();
    follow(undefined);
  };
}

function nodeOf(target: InspectorTarget): LocalNode | undefined {
  if ('sync' in target) return target.node;
  return 'syncManager' in target ? target : inspectionOf(target)?.node;
}
