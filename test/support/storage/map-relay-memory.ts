import { joinRemembered } from '../../../src/storage/relay-memory.ts';
import type { RelayMemory, RememberedRelay } from '../../../src/storage/remembered-relay.ts';

/** A device's records of relays, kept in a map. */
export function mapRelayMemory(relays: Map<string, RememberedRelay>): RelayMemory {
  return {
    read: (relayID) => Promise.resolve(relays.get(relayID)),
    write(relayID, remembered) {
      const joined = joinRemembered(relays.get(relayID), remembered);
      relays.set(relayID, joined);
      return Promise.resolve(joined);
    },
  };
}
