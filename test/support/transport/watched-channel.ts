import type { KernelError } from '../../../src/base/kernel-error.ts';
import type { Channel, Transport } from '../../../src/transport/transport.ts';
import { until } from '../until.ts';

/** A channel that records its events, for the transport contract. */
export interface WatchedChannel {
  readonly channel: Channel;
  /** In order: `opened`, `closed`, and `received` per frame. */
  readonly told: readonly string[];
  /** The messages of all frames, in order. */
  readonly messages: readonly string[];
  readonly error: KernelError | undefined;
  until(check: (watched: WatchedChannel) => boolean): Promise<void>;
  opened(): Promise<void>;
  closed(): Promise<void>;
}

export function watchChannel(
  transport: Transport,
  url: URL,
  heard: (watched: WatchedChannel) => void = () => {},
): WatchedChannel {
  const told: string[] = [];
  const messages: string[] = [];
  let error: KernelError | undefined;
  let isOpening = true;
  const tell = (what: string) => told.push(isOpening ? `${what} before open() has returned` : what);
  const channel = transport.open(url, {
    opened: () => void tell('opened'),
    received(frame) {
      tell('received');
      messages.push(...frame.split('\n').filter((message) => message !== ''));
      heard(watched);
    },
    closed(reason) {
      tell('closed');
      error = reason;
    },
  });
  isOpening = false;

  const watched: WatchedChannel = {
    channel,
    told,
    messages,
    get error() {
      return error;
    },
    until: (check) => until(() => check(watched)).then(() => undefined),
    opened: () => watched.until(() => told.includes('opened')),
    closed: () => watched.until(() => told.includes('closed')),
  };
  return watched;
}
