import type { JsonValue } from 'cojson';
import { subscribeCounted, type Readable } from '../../base/readable.ts';
import type { Keep } from '../weak-cache.ts';
import type { Presence, PresenceNow } from './presence-types.ts';
import { stateText } from './state-text.ts';

export const noPresenceYet: PresenceNow = { state: 'waiting', others: [] };

/**
 * Presence whose code is fetched at the first subscription or state. `source` follows `whenHere`. `keep` hears whether a state is
 * shown, which only this object can undo while the code is not here.
 */
export function createLazyPresence(
  source: Readable<PresenceNow>,
  whenHere: () => Promise<Presence>,
  keep: Keep,
): Presence {
  let presence: Presence | undefined;
  /** What waits for the code. As later, it ends with the last subscription. */
  let shown: JsonValue | undefined;

  async function begin(): Promise<void> {
    presence = await whenHere();
    if (shown !== undefined) presence.set(shown);
    shown = undefined;
  }

  return {
    get current() {
      return source.current;
    },
    subscribe: subscribeCounted(
      source,
      () => {},
      () => {
        shown = undefined;
        keep(false);
      },
    ),
    set(state) {
      stateText(state);
      keep(state !== undefined);
      if (presence) return presence.set(state);
      shown = state;
      void begin();
    },
  };
}
