import type { Clock } from '../../base/clock.ts';
import type { Readable } from '../../base/readable.ts';
import type { SyncState } from '../sync-state.ts';

/** How long closing a sync waits for pending writes and uploads. */
export const drainMs = 2_000;

/** Resolves once everything possible is saved and sent, or after `drainMs`. `hasOwnUnsent` ignores other tabs' work. */
export function drain(state: Readable<SyncState>, clock: Clock, hasOwnUnsent: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const ends = [
      clock.after(drainMs, end),
      state.subscribe((current) => {
        if (!isSaving(current) && !(hasOwnUnsent() && canSend(current))) queueMicrotask(end);
      }),
    ];
    function end(): void {
      for (const stop of ends) stop();
      resolve();
    }
  });
}

function isSaving({ saved, storage }: SyncState): boolean {
  return saved.pending > 0 && storage.state === 'ok';
}

function canSend({ peers }: SyncState): boolean {
  return peers.some(({ phase }) => phase === 'connected' || phase === 'connecting');
}
