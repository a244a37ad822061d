import type { KernelError } from '../base/kernel-error.ts';
import type { RelayQuota } from '../wire/frames.ts';
import type { RelayContradiction } from './relays/relay-receipts.ts';

/** One relay as this device sees it. Only `connection.ts` changes the phase. */
export type PeerStatus = {
  readonly id: string;
  readonly url: string;
  readonly transport?: string;
  readonly relay?: { readonly name: string; readonly version: string };
  /** As of the last sign-in or renewal. Absent if the relay limits nothing, or asks for no sign-in. */
  readonly quota?: RelayQuota;
  /** The relay's signatures prove that its storage went back, or that it shows devices different states. See the event `lost`. */
  readonly contradiction?: RelayContradiction;
} & PeerPhase;

export type PeerPhase =
  /** The browser reports no network, or a page that stays hidden has nothing to send. Reconnects automatically. */
  | { readonly phase: 'offline' }
  /** `error`: why the attempt before failed, if one did. */
  | { readonly phase: 'connecting'; readonly attempt: number; readonly error?: KernelError }
  /** The last attempt failed. The next one starts at `retryAtMs`. */
  | {
      readonly phase: 'waiting';
      readonly attempt: number;
      readonly retryAtMs: number;
      readonly error: KernelError;
    }
  | { readonly phase: 'connected'; readonly sinceMs: number; readonly roundTripMs?: number }
  /** After `pause()`, until `resume()`. */
  | { readonly phase: 'paused' }
  /** Not retried automatically: the relay or the app must change first. */
  | { readonly phase: 'failed'; readonly error: KernelError }
  | { readonly phase: 'closed' };

/** Why the last attempt failed. */
export function errorOf(phase: PeerPhase): KernelError | undefined {
  return 'error' in phase ? phase.error : undefined;
}
