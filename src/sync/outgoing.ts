import type { SyncMessage } from 'cojson';
import type { createWebSocketPeer } from 'cojson-transport-ws';
import type { Clock } from '../platform/clock.ts';
import type { KernelError } from '../platform/kernel-error.ts';
import { splitFrame } from '../transport/frames.ts';
import { isCoValueID } from '../transport/ids.ts';
import type { Channel } from '../transport/transport.ts';
import { contentTooLarge, notAnID } from './relay-errors.ts';

type PeerSocket = Parameters<typeof createWebSocketPeer>[0]['websocket'];

export interface Outgoing {
  /** What `createWebSocketPeer` takes for a socket. It only sends: what arrives goes another way. */
  readonly socket: PeerSocket;
  end(): void;
}

export interface OutgoingEvents {
  sent(message: SyncMessage, bytes: number): void;
  drained(): void;
  /** Not sent, as the relay would refuse it. */
  withheld(message: SyncMessage, error: KernelError): void;
  /** cojson let go of the peer. */
  abandoned(): void;
}

/** cojson joins thousands of messages into one frame; a relay should get them in pieces of about this size. */
const frameLength = 100_000;
const drainPollMs = 20;

/** The way from cojson's peer to a channel: bounded frames, and evidence of what has left this device. */
export function createOutgoing(options: {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly on: OutgoingEvents;
  /** The longest message that the relay takes, once it has said so. */
  readonly limit: () => number | undefined;
}): Outgoing {
  const { channel, clock, on, limit } = options;
  const closeListeners = new Set<(event: { code: number; reason: string }) => void>();
  let isOpen = true;
  let cancelPoll: (() => void) | undefined;

  function send(data: string): void {
    if (!isOpen) return;
    let frame = '';
    const sent: [SyncMessage, number][] = [];
    for (const line of splitFrame(data)) {
      const message = JSON.parse(line) as SyncMessage;
      const refusal = refusalOf(message, line.length, limit());
      if (refusal) {
        on.withheld(message, refusal);
        continue;
      }
      if (frame !== '' && frame.length + line.length > frameLength) {
        channel.send(frame);
        frame = '';
      }
      frame += frame === '' ? line : `\n${line}`;
      sent.push([message, line.length]);
    }
    if (frame !== '') channel.send(frame);
    for (const [message, bytes] of sent) on.sent(message, bytes);
    if (sent.length > 0) watchDrain();
  }

  function watchDrain(): void {
    cancelPoll ??= clock.after(0, function poll() {
      cancelPoll = undefined;
      if (channel.bufferedBytes === 0) on.drained();
      else cancelPoll = clock.after(drainPollMs, poll);
    });
  }

  return {
    socket: {
      get readyState() {
        return isOpen ? WebSocketState.open : WebSocketState.closed;
      },
      get bufferedAmount() {
        return channel.bufferedBytes;
      },
      send,
      close: () => on.abandoned(),
      addEventListener(type, listener) {
        if (type === 'close')
          closeListeners.add(listener as (event: { code: number; reason: string }) => void);
      },
      removeEventListener(type, listener) {
        if (type === 'close')
          closeListeners.delete(listener as (event: { code: number; reason: string }) => void);
      },
    },
    end() {
      if (!isOpen) return;
      isOpen = false;
      cancelPoll?.();
      for (const listener of [...closeListeners]) listener({ code: 1000, reason: '' });
    },
  };
}

/** What a relay would close the connection for, it is not sent. */
function refusalOf(message: SyncMessage, bytes: number, limit: number | undefined): KernelError | undefined {
  if (limit !== undefined && bytes > limit) return contentTooLarge(bytes, limit);
  const { action, id } = message;
  if (action !== 'reconcile' && action !== 'reconcile-ack' && !isCoValueID(id)) return notAnID(id);
  return undefined;
}

const WebSocketState = { open: 1, closed: 3 } as const;
