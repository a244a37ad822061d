import type { KernelError } from '../base/kernel-error.ts';

/** One relay as this device sees it. Phases are moved only by `connection.ts`. */
export type PeerStatus = {
  readonly id: string;
  readonly url: string;
  readonly transport?: string;
  readonly relay?: { readonly name: string; readonly version: string };
} & PeerPhase;

export type PeerPhase =
  /** The browser says there is no network; tried again by itself when there is. */
  | { readonly phase: 'offline' }
  | { readonly phase: 'connecting'; readonly attempt: number }
  /** The last attempt failed; the next one is at `retryAtMs`. */
  | {
      readonly phase: 'waiting';
      readonly attempt: number;
      readonly retryAtMs: number;
      readonly error: KernelError;
    }
  | { readonly phase: 'connected'; readonly sinceMs: number; readonly roundTripMs?: number }
  /** By `pause()`; only `resume()` ends it. */
  | { readonly phase: 'paused' }
  /** Not tried again by itself: the relay or the app must change first. */
  | { readonly phase: 'failed'; readonly error: KernelError }
  | { readonly phase: 'closed' };
