import type { Transport } from '../transport/transport.ts';
import { dialRelay, type DialOptions, type LinkEnd, type RelayLink } from './relay-link.ts';

/** One attempt at one address: a transport after the other, until the relay has said something on one of them. */
export interface RelayAttempt {
  /** The one that is dialled, or carries the link. */
  readonly transport: Transport;
  readonly bufferedBytes: number;
  /** Arrived, and not given to cojson yet. */
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
  /** The one to begin with; the others follow in their order. */
  readonly first: Transport;
  readonly on: DialOptions['on'] & {
    /** Nothing was heard on one, and another one is dialled: the peer that `ready` may have given is gone. */
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
    // Where none of them comes through, what the ordinary one met says most.
    if (!end || transport === transports[0]) end = how;
    const next = order[order.indexOf(transport) + 1];
    if (how.heard || !next) return on.ended(how.heard ? how : end);
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
