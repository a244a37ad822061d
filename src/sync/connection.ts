import type { Pacer } from '../platform/pacer.ts';
import type { Platform } from '../platform/platform.ts';
import type { Transport } from '../transport/transport.ts';
import type { HelloFrame } from '../transport/frames.ts';
import { backOffMs } from './back-off.ts';
import { initialState, nextState, type ConnectionEvent, type ConnectionState } from './connection-state.ts';
import { dialRelay, type LinkEnd, type RelayLink, type RelayLinkEvents } from './relay-link.ts';
import { isLoopback } from './sync-url.ts';

/**
 * Keeps one relay connected: dials, gives up, backs off, and tries at once when something says that it may work now. Of
 * several addresses the next one is dialled after each failure.
 */
export interface Connection {
  readonly state: ConnectionState;
  /** The address that is dialled, or will be next. */
  readonly url: URL;
  readonly hello: HelloFrame | undefined;
  readonly bufferedBytes: number;
  /** Arrived, and not given to cojson yet. */
  readonly waitingBytes: number;
  pause(): void;
  resume(): void;
  reconnect(): void;
  close(): void;
}

export interface ConnectionEvents extends Omit<RelayLinkEvents, 'alive' | 'roundTrip' | 'ended'> {
  changed(): void;
  /** The peer that `ready` gave is gone. */
  lost(): void;
}

export function createConnection(options: {
  readonly urls: readonly [URL, ...URL[]];
  readonly peerID: string;
  readonly transport: Transport;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly on: ConnectionEvents;
}): Connection {
  const { urls, peerID, transport, platform, pacer, on } = options;
  const { clock, page } = platform;
  // A relay on this machine is there whatever the network is like: a developer on a train.
  const isOnline = () => page.isOnline || urls.some(({ hostname }) => isLoopback(hostname));
  let state = initialState(isOnline());
  let link: RelayLink | undefined;
  let hello: HelloFrame | undefined;
  /** Addresses at which a server without hello was found. */
  const stock = new Set<URL>();
  let url = urls[0];
  let cancelRetry = () => {};

  const stopListening = [
    page.on('online', tryNow),
    page.on('visible', tryNow),
    page.on('offline', () => {
      if (!isOnline()) move({ kind: 'network-lost' });
    }),
  ];

  function tryNow(): void {
    // A relay that refused for good is asked again by `reconnect()` only.
    if (state.phase !== 'failed') move({ kind: 'try-now' });
  }

  function move(event: ConnectionEvent): void {
    const before = state;
    state = nextState(state, event);
    if (state === before) return;
    if (state.phase !== before.phase) enter(state);
    on.changed();
  }

  function enter(next: ConnectionState): void {
    cancelRetry();
    if (next.phase === 'connected') return;
    hangUp();
    if (next.phase === 'connecting') dial();
    if (next.phase === 'waiting') {
      cancelRetry = clock.after(next.retryAtMs - clock.nowMs(), () => move({ kind: 'retry-due' }));
    }
    if (next.phase === 'closed') for (const stop of stopListening) stop();
  }

  function hangUp(): void {
    if (!link) return;
    link.close();
    link = undefined;
    hello = undefined;
    on.lost();
  }

  function dial(): void {
    link = dialRelay({
      url,
      peerID,
      transport,
      clock,
      pacer,
      isStock: stock.has(url),
      on: {
        ...on,
        ready(peer, itsHello) {
          hello = itsHello;
          on.ready(peer, itsHello);
        },
        alive() {
          if (hello) stock.delete(url);
          else stock.add(url);
          move({ kind: 'connected', nowMs: clock.nowMs() });
        },
        roundTrip: (roundTripMs) => move({ kind: 'round-trip', roundTripMs }),
        ended,
      },
    });
  }

  function ended({ error, retry, retryAfterMs = 0 }: LinkEnd): void {
    if (!retry) return move({ kind: 'rejected', error });
    url = urls[(urls.indexOf(url) + 1) % urls.length] ?? urls[0];
    move({
      kind: 'lost',
      error,
      nowMs: clock.nowMs(),
      online: isOnline(),
      delayMs: (failures) => Math.max(retryAfterMs, backOffMs(failures, randomFraction())),
    });
  }

  function randomFraction(): number {
    return new DataView(platform.random(4).buffer).getUint32(0) / 2 ** 32;
  }

  if (state.phase === 'connecting') dial();
  return {
    get state() {
      return state;
    },
    get url() {
      return url;
    },
    get hello() {
      return hello;
    },
    get bufferedBytes() {
      return link?.bufferedBytes ?? 0;
    },
    get waitingBytes() {
      return link?.waitingBytes ?? 0;
    },
    pause: () => move({ kind: 'pause' }),
    resume: () => move({ kind: 'resume', online: isOnline() }),
    reconnect: () => move({ kind: 'try-now' }),
    close: () => move({ kind: 'close' }),
  };
}
