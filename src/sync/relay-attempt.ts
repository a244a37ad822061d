import type { Transport } from '../transport/transport.ts';
import { dialRelay, type DialOptions, type LinkEnd, type RelayLink } from './relay-link.ts';

/** One attempt at one address: tries one transport after another until the relay sends a message over one of them. */
export interface RelayAttempt {
  /** The transport being dialled or in use. */
  readonly transport: Transport;
  readonly bufferedBytes: number;
  /** Received but not yet passed to cojson. */
  readonly waitingBytes: number;
  readonly ask: RelayLink['ask'];
  close(): void;
}

export function attemptRelay({
  transports,
  first,
  on,
  ...options
}: Omit<DialOptions, 'transport'> & {
  readonly transports: readonly [Transport, ...Transport[]];
  /** The transport to try first. The others follow in their order. */
  readonly first: Transport;
  readonly on: DialOptions['on'] & {
    /** The relay did not answer over one transport, so the next one is dialled. A peer passed to `ready` is gone. */
    next(): void;
  };
}): RelayAttempt {
  const order = [first, ...transports.filter((transport) => transport !== first)];
  let transport = first;
  let link: RelayLink | undefined;
  let end: LinkEnd | undefined;

  function dial(next: Transport): void {
    transport = next;
    link = dialRelay({ ...options, transport, on: { ...on, ended } });
  }

  function ended(how: LinkEnd): void {
    // If every transport fails, the preferred one's error is the most useful.
    if (!end || transport === transports[0]) end = how;
    const next = order[order.indexOf(transport) + 1];
    if (how.hasAnswered || !next) return on.ended(how.hasAnswered ? how : end);
    on.next();
    dial(next);
  }

  dial(first);
  return {
    get transport() {
      return transport;
    },
    get bufferedBytes() {
      return link?.bufferedBytes ?? 0;
    },
    get waitingBytes() {
      return link?.waitingBytes ?? 0;
    },
    ask: (ask, id) => link?.ask(ask, id),
    close: () => link?.close(),
  };
}
