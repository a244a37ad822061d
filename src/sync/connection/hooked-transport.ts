import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import type { Channel, ChannelEvents, Transport } from '../../transport/transport.ts';
import type { FrameTap, TransportWrap } from '../inspection.ts';

/** Hooks that an inspector may set at any time. They cost almost nothing while unset. */
export interface ChannelHooks {
  tap: FrameTap | undefined;
  /** Wraps the transport of channels that are opened from then on. */
  wrap: TransportWrap | undefined;
  /** How many channels were opened. */
  channelCount: number;
  /** When the last frame arrived from each peer, by the clock's `elapsedMs`. Kept for the next inspector while there is none. */
  readonly receivedAtMs: Map<string, number>;
}

/** Any transport, or one with hooks, whose channels also receive the reason if this device closes them. */
export interface LinkTransport {
  readonly name: string;
  open(url: URL, on: ChannelEvents): LinkChannel;
}
export interface LinkChannel extends Channel {
  close(code?: number, reason?: string, error?: KernelError): void;
}

export function createChannelHooks(): ChannelHooks {
  return { tap: undefined, wrap: undefined, channelCount: 0, receivedAtMs: new Map() };
}

/** Adds the hooks to a relay's transport. This happens before the peer exists, because a peer cannot be wrapped later. */
export function hookedTransport(
  inner: Transport,
  { peerID, hooks, clock }: { readonly peerID: string; readonly hooks: ChannelHooks; readonly clock: Clock },
): LinkTransport {
  return {
    name: inner.name,
    open(url, on) {
      let closedHereFor: KernelError | undefined;
      const number = ++hooks.channelCount;
      const at = () => ({ peerID, channel: number, atMs: clock.nowMs() });
      const channel = (hooks.wrap?.(inner, peerID) ?? inner).open(url, {
        opened() {
          hooks.tap?.({ ...at(), kind: 'opened', transport: inner.name });
          on.opened();
        },
        received(text) {
          hooks.receivedAtMs.set(peerID, clock.elapsedMs());
          hooks.tap?.({ ...at(), kind: 'received', text });
          on.received(text);
        },
        closed(error) {
          hooks.tap?.({
            ...at(),
            kind: 'closed',
            transport: inner.name,
            url: url.href,
            error: closedHereFor ?? error,
          });
          on.closed(error);
        },
      });
      return {
        send(text) {
          hooks.tap?.({ ...at(), kind: 'sent', text });
          channel.send(text);
        },
        get bufferedBytes() {
          return channel.bufferedBytes;
        },
        close(code, reason, error) {
          closedHereFor = error;
          channel.close(code, reason);
        },
      };
    },
  };
}
