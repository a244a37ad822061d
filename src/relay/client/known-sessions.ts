import type { PeerState, SyncMessage } from 'cojson';

/** Counts what cojson remembers of what a client has, for as long as it is connected. */
export interface KnownSessions {
  /** Call it before the message is handled. */
  note(message: SyncMessage): void;
}

/** A session's ID and its number of transactions. */
const bytesPerSession = 150;

/** A session that is named twice before the first message is handled counts twice. */
export function createKnownSessions(
  peer: () => PeerState | undefined,
  holds: (bytes: number) => void,
): KnownSessions {
  let count = 0;
  return {
    note(message) {
      if (message.action !== 'load' && message.action !== 'known') return;
      const known = peer()?.getOptimisticKnownState(message.id)?.sessions ?? {};
      const added = Object.keys(message.sessions).filter((id) => !Object.hasOwn(known, id)).length;
      if (added === 0) return;
      count += added;
      holds(count * bytesPerSession);
    },
  };
}
