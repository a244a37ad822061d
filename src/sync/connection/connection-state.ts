import type { KernelError } from '../../base/kernel-error.ts';
import { unreachable } from '../../base/assert.ts';
import { errorOf, type PeerPhase } from '../peer-status.ts';

/** `failures` counts consecutive failures, even while connected: a connection that ends at once is a failure too. */
export type ConnectionState = PeerPhase & { readonly failures: number };

export type ConnectionEvent =
  /** The relay has sent its first message. */
  | { readonly kind: 'connected'; readonly nowMs: number }
  | { readonly kind: 'round-trip'; readonly roundTripMs: number }
  /** The channel closed or never opened. `delayMs` maps the number of failures to the back-off. */
  | {
      readonly kind: 'lost';
      readonly error: KernelError;
      readonly nowMs: number;
      /** How long the connection lasted. */
      readonly lastedMs: number;
      readonly online: boolean;
      readonly delayMs: (failures: number) => number;
    }
  /** The relay refused permanently: a retry would get the same answer. */
  | { readonly kind: 'rejected'; readonly error: KernelError }
  | { readonly kind: 'retry-due' }
  /** An attempt may succeed now: the network is back, the tab became visible, or the app called `reconnect()`. */
  | { readonly kind: 'try-now' }
  | { readonly kind: 'network-lost' }
  /** The page has been hidden for a long time and has nothing to send: disconnect until something changes. */
  | { readonly kind: 'rest' }
  /** The preferred transport works again: reconnect over it. */
  | { readonly kind: 'switch' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume'; readonly online: boolean }
  | { readonly kind: 'close' };

/** A connection that lasts at least this long resets the back-off. */
export const stableAfterMs = 10_000;

export function initialState(online: boolean): ConnectionState {
  return online ? connecting(0) : { phase: 'offline', failures: 0 };
}

/** The state machine of a connection. Pure. Returns the same object if the event does not apply to the phase. */
export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.phase === 'closed') return state;
  switch (event.kind) {
    case 'close':
      return { phase: 'closed', failures: 0 };
    case 'pause':
      return state.phase === 'paused' ? state : { phase: 'paused', failures: 0 };
    case 'resume':
      return state.phase === 'paused' ? initialState(event.online) : state;
    case 'try-now':
      return state.phase === 'offline' || state.phase === 'waiting' || state.phase === 'failed'
        ? connecting(state.failures, errorOf(state))
        : state;
    case 'retry-due':
      return state.phase === 'waiting' ? connecting(state.failures, errorOf(state)) : state;
    case 'network-lost':
      return state.phase === 'waiting' ? { phase: 'offline', failures: state.failures } : state;
    case 'rest':
      return state.phase === 'connected' ? { phase: 'offline', failures: state.failures } : state;
    case 'switch':
      return state.phase === 'connected' ? connecting(state.failures) : state;
    case 'connected':
      return state.phase === 'connecting'
        ? { phase: 'connected', sinceMs: event.nowMs, failures: state.failures }
        : state;
    case 'round-trip':
      return state.phase === 'connected' ? { ...state, roundTripMs: event.roundTripMs } : state;
    case 'rejected':
      return isTrying(state) ? { phase: 'failed', error: event.error, failures: state.failures + 1 } : state;
    case 'lost':
      return isTrying(state) ? afterLoss(state, event) : state;
    default:
      return unreachable(event);
  }
}

function afterLoss(
  state: ConnectionState & { readonly phase: 'connecting' | 'connected' },
  event: ConnectionEvent & { readonly kind: 'lost' },
): ConnectionState {
  const wasStable = state.phase === 'connected' && event.lastedMs >= stableAfterMs;
  const failures = wasStable ? 1 : state.failures + 1;
  if (!event.online) return { phase: 'offline', failures };
  return {
    phase: 'waiting',
    attempt: failures,
    retryAtMs: event.nowMs + event.delayMs(failures),
    error: event.error,
    failures,
  };
}

function connecting(failures: number, error?: KernelError): ConnectionState {
  return { phase: 'connecting', attempt: failures + 1, failures, ...(error && { error }) };
}

function isTrying(
  state: ConnectionState,
): state is ConnectionState & { readonly phase: 'connecting' | 'connected' } {
  return state.phase === 'connecting' || state.phase === 'connected';
}
