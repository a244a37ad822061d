import type { Transport } from '../../transport/transport.ts';
import { dialRelay, type DialOptions, type LinkEnd, type RelayLink } from './relay-link.ts';

/**
 * One attempt at one address. It dials the transports one after another, or beside one that is slow, and keeps the first
 * over which the relay sends a message.
 */
export interface RelayAttempt {
  /** The transport in use, or the first of those being dialled. */
  readonly transport: Transport;
  readonly bufferedBytes: number;
  /** Received but not yet passed to cojson. */
  readonly waitingBytes: number;
  readonly ask: RelayLink['ask'];
  readonly challenge: RelayLink['challenge'];
  readonly present: RelayLink['present'];
  readonly resumeSending: RelayLink['resumeSending'];
  close(): void;
}

/**
 * The next transport is dialled beside one that has been silent for this long. A slow network needs less: five round
 * trips of 400 ms. Firefox delays a WebSocket to a host that failed by up to a minute.
 */
export const besideMs = 2_000;

export function attemptRelay({
  transports,
  first,
  isProven,
  mayBeStock,
  on,
  ...options
}: Omit<DialOptions, 'transport' | 'mayBeStock' | 'on'> & {
  /** Whether the server may be taken for a stock one if it sends no hello. */
  readonly mayBeStock: boolean;
  readonly transports: readonly [Transport, ...Transport[]];
  /** The transport to try first. The others follow in their order. */
  readonly first: Transport;
  /** The relay has just answered over `first`, so nothing is dialled beside it, however slow it is. */
  readonly isProven: boolean;
  readonly on: Omit<DialOptions['on'], 'signingIn'> & {
    /** `transport` has failed, so another one takes its place. A peer passed to `ready` is gone. */
    next(): void;
  };
}): RelayAttempt {
  const untried = [first, ...transports.filter((transport) => transport !== first)];
  const links = new Map<Transport, RelayLink>();
  /** The transport over which this device signs in, or whose peer was passed to `ready`. */
  let inUse: Transport | undefined;
  let hasOpened = false;
  let end: LinkEnd | undefined;
  let cancelNext = () => {};

  const current = () => inUse ?? links.keys().next().value ?? first;

  function use(transport: Transport): void {
    const before = inUse;
    inUse = transport;
    hasOpened = true;
    if (!before || before === transport) return;
    hangUp(before);
    on.next();
  }

  function keepOnly(transport: Transport): void {
    cancelNext();
    for (const other of links.keys()) if (other !== transport) hangUp(other);
  }

  function dialNext(): void {
    cancelNext();
    const transport = untried.shift();
    if (!transport) return;
    const link = dialRelay({
      ...options,
      transport,
      mayBeStock: () => mayBeStock && inUse === undefined,
      on: {
        ...on,
        signingIn() {
          // A token may take longer than another transport would wait, and one connection is enough.
          use(transport);
          keepOnly(transport);
        },
        ready(peer, hello) {
          use(transport);
          on.ready(peer, hello);
        },
        alive() {
          keepOnly(transport);
          on.alive();
        },
        ended: (how) => ended(transport, how),
      },
    });
    links.set(transport, link);
    // A stock server has no HTTP.
    if (untried.length > 0 && !options.isStock && !isProven)
      cancelNext = options.clock.after(besideMs, dialNext);
  }

  function hangUp(transport: Transport): void {
    links.get(transport)?.close();
    links.delete(transport);
  }

  function ended(transport: Transport, how: LinkEnd): void {
    const wasCurrent = transport === current();
    links.delete(transport);
    if (inUse === transport) inUse = undefined;
    // If every transport fails, the preferred one's error is the most useful. But if no channel opened, what a server
    // answered over HTTP is: a server that opens a WebSocket may be a stock one, which has no HTTP.
    const tells = ({ error }: LinkEnd) => !hasOpened && 'status' in error.details;
    if (!end || (transport === transports[0] ? !tells(end) : tells(how))) end = how;
    if (how.hasAnswered) end = how;
    else {
      dialNext();
      if (links.size > 0) {
        if (wasCurrent) on.next();
        return;
      }
    }
    close();
    on.ended(end);
  }

  function close(): void {
    cancelNext();
    for (const transport of links.keys()) hangUp(transport);
  }

  dialNext();
  return {
    get transport() {
      return current();
    },
    get bufferedBytes() {
      return links.get(current())?.bufferedBytes ?? 0;
    },
    get waitingBytes() {
      return links.get(current())?.waitingBytes ?? 0;
    },
    ask: (ask, id) => links.get(current())?.ask(ask, id),
    challenge: (nonce, at) => links.get(current())?.challenge(nonce, at),
    present: (frame) => links.get(current())?.present(frame),
    resumeSending: () => links.get(current())?.resumeSending(),
    close,
  };
}
