import { createKernelError } from '../../../src/base/kernel-error.ts';
import type { ChannelEvents, Transport } from '../../../src/transport/transport.ts';
import { testHello } from './test-hello.ts';

/**
 * A channel's fate: the relay answers, the channel is refused, a web server answers, it opens but carries nothing, or it
 * never opens.
 */
export type Way = 'all' | 'nothing' | '404' | 'opening' | 'waiting';

/** A transport that a test opens and blocks. */
export interface BlockableTransport {
  readonly transport: Transport;
  /** All channels so far. */
  readonly channels: readonly BlockableChannel[];
  /** Hosts that are refused, whatever `set` allows. */
  readonly downHosts: Set<string>;
  /** How many channels are open, or being opened. */
  readonly open: () => number;
  /** Applies to the next channels. */
  set(way: Way): void;
  /** The relay answers on the channels that wait. */
  answer(): void;
  /** Breaks open channels. */
  cut(): void;
}

interface BlockableChannel {
  readonly on: ChannelEvents;
  readonly sent: readonly string[];
  readonly isOpen: boolean;
}

export const ping = JSON.stringify({ type: 'ping', time: 1, dc: 'x' });
export const hello = JSON.stringify({ ...testHello, minAppVersion: '2.0' });

export function createBlockableTransport(name: string): BlockableTransport {
  const channels: { readonly on: ChannelEvents; readonly sent: string[]; isOpen: boolean }[] = [];
  const downHosts = new Set<string>();
  let way: Way = 'all';
  const openOnes = () => channels.filter(({ isOpen }) => isOpen);

  function end(channel: (typeof channels)[number], reason: string, details = {}): void {
    if (!channel.isOpen) return;
    channel.isOpen = false;
    channel.on.closed(createKernelError('RELAY_UNREACHABLE', `${name} ${reason}`, { details }));
  }

  return {
    transport: {
      name,
      open({ host }, on) {
        const channel = { on, sent: [] as string[], isOpen: true };
        channels.push(channel);
        const itsWay = way;
        queueMicrotask(() => {
          if (!channel.isOpen) return;
          if (itsWay === 'nothing' || downHosts.has(host)) return end(channel, `at ${host}: refused`);
          if (itsWay === '404') return end(channel, 'is no relay', { status: 404 });
          if (itsWay === 'waiting') return;
          on.opened();
          if (itsWay === 'all') on.received(hello);
        });
        return {
          send: (frame) => void channel.sent.push(frame),
          bufferedBytes: 0,
          close: () => end(channel, 'closed'),
        };
      },
    },
    channels,
    downHosts,
    open: () => openOnes().length,
    set: (next) => void (way = next),
    answer() {
      for (const { on } of openOnes()) {
        on.opened();
        on.received(hello);
      }
    },
    cut() {
      for (const channel of openOnes()) end(channel, 'cut');
    },
  };
}
