import { readMessage, splitFrame } from '../../src/wire/frames.ts';
import { knownCountsOfState, mergeCounts, type KnownCounts } from '../../src/engine/known-counts.ts';
import type { Connection } from './network.ts';
import { keyOf } from './relay-tables.ts';

/** What relays have said, by the frames that arrived at pages. Only this may end a debt. */
export interface RelayWords {
  /** Call it with each frame that arrives at a page. `server`: which one at the relay's address sent it, by `serverAt`. */
  arrived(
    place: {
      readonly device: string;
      readonly tab: string;
      readonly relay: string;
      readonly server: string;
      readonly connection: Connection;
    },
    frame: string,
  ): void;
  /** Whether anything has arrived over it. */
  isHeard(connection: Connection): boolean;
  /** Whether the page has heard the relay's hello, and no stock server at its address since. */
  hasHello(tab: string, relay: string): boolean;
  /** The most of the CoValue that the server has claimed to have. `listener`: a page, or a device for any of its pages. */
  countsAt(listener: string, server: string, id: string): KnownCounts;
  /** The words up to now: later ones do not change this. */
  now(): Pick<RelayWords, 'countsAt'>;
}

export function createRelayWords(): RelayWords {
  const hellos = new Set<string>();
  const heard = new WeakSet<Connection>();
  const said = new Map<string, KnownCounts>();
  const placeOf = (listener: string, server: string, id: string) => `${listener} ${server} ${id}`;

  return {
    arrived({ device, tab, relay, server, connection }, frame) {
      heard.add(connection);
      if (server !== relay) hellos.delete(keyOf(tab, relay));
      for (const line of splitFrame(frame)) {
        const received = readMessage(line);
        if (received.kind === 'maia' && received.frame.maia === 'hello') hellos.add(keyOf(tab, relay));
        if (received.kind !== 'sync') continue;
        const { message } = received;
        if (message.action !== 'known' && message.action !== 'load') continue;
        for (const listener of [device, tab]) {
          const place = placeOf(listener, server, message.id);
          said.set(place, mergeCounts(said.get(place) ?? {}, knownCountsOfState(message)));
        }
      }
    },
    isHeard: (connection) => heard.has(connection),
    hasHello: (tab, relay) => hellos.has(keyOf(tab, relay)),
    countsAt: (listener, server, id) => said.get(placeOf(listener, server, id)) ?? {},
    now() {
      const copy = new Map(said);
      return { countsAt: (listener, server, id) => copy.get(placeOf(listener, server, id)) ?? {} };
    },
  };
}
