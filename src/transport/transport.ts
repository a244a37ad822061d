import type { KernelError } from '../base/kernel-error.ts';

/** A way to carry text frames to a relay and back. A break is a reconnection; nothing is resumed. */
export interface Transport {
  readonly name: string;
  /** Returns at once. `opened` is called at most once, `closed` exactly once, and nothing after `closed`. */
  open(url: URL, on: ChannelEvents): Channel;
}

export interface Channel {
  /** Only between `opened` and `closed`. A frame holds one message, or several joined by newlines. */
  send(frame: string): void;
  /** Handed to `send` and not yet on the network, in bytes. */
  readonly bufferedBytes: number;
  /** Safe to call at any time and more than once; `closed` follows. */
  close(code?: number, reason?: string): void;
}

export interface ChannelEvents {
  opened(): void;
  received(frame: string): void;
  closed(error: KernelError): void;
}
