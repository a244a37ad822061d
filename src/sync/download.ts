import type { SyncMessage } from 'cojson';
import type { SyncState } from './sync-state.ts';

/** What the relay was asked for on this connection, and what it has answered. */
export interface Download {
  readonly state: SyncState['download'];
  sent(message: SyncMessage): void;
  /** cojson has dealt with it. */
  handled(message: SyncMessage): void;
  connected(): void;
  lost(): void;
}

export function createDownload(): Download {
  const asked = new Set<string>();
  let received = 0;
  let isConnected = false;
  return {
    get state() {
      return { received, expected: received + asked.size, caughtUp: isConnected && asked.size === 0 };
    },
    sent({ action, id }) {
      if (action === 'load') asked.add(id);
    },
    handled({ action, id }) {
      if ((action === 'content' || action === 'known') && asked.delete(id)) received++;
    },
    connected() {
      isConnected = true;
    },
    lost() {
      isConnected = false;
      asked.clear();
      received = 0;
    },
  };
}
