import type { KernelError } from '../base/kernel-error.ts';

/** Carries text frames to a relay and back. After a break a new channel is opened; nothing is resumed. */
export interface Transport {
  readonly name: string;
  /** Returns at once. Calls `opened` at most once, `closed` exactly once, and nothing after `closed`. */
  open(url: URL, on: ChannelEvents): Channel;
}

export interface Channel {
  /** Only between `opened` and `closed`. A frame contains one message, or several joined by newlines. */
  send(frame: string): void;
  /** Bytes passed to `send` that are not on the network yet. */
  readonly bufferedBytes: number;
  /** Safe to call at any time and more than once; `closed` follows. */
  close(code?: number, reason?: string): void;
}

export interface ChannelEvents {
  /** Frames can be sent from now on. */
  opened(): void;
  /** One message, or several joined by newlines. */
  received(frame: string): void;
  /** Nothing follows. */
  closed(error: KernelError): void;
}
