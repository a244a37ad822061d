import type { Clock } from '../base/clock.ts';
import type { Readable } from '../base/readable.ts';
import type { SyncState } from './sync-state.ts';

/** How long the end of a sync waits for what is being saved and sent. */
const drainMs = 2_000;

/**
 * Resolves when everything was saved and sent, as far as it can be for now, or when it has taken too long. What other tabs
 * send, which `hasOwnUnsent` leaves out, is not waited for.
 */
export function drain(state: Readable<SyncState>, clock: Clock, hasOwnUnsent: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = [
      clock.after(drainMs, end),
      state.subscribe((current) => {
        if (!isSaving(current) && !(hasOwnUnsent() && canSend(current))) queueMicrotask(end);
      }),
    ];
    function end(): void {
      for (const each of stop) each();
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
