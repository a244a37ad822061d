import { isKernelError, type KernelError } from '../base/kernel-error.ts';
import type { NotCountedReason } from '../base/not-counted-reason.ts';
import { callListener } from '../base/readable.ts';
import type { RelayContradiction } from './relays/relay-receipts.ts';

/** The events of a sync, with the detail that listeners receive. */
export interface SyncEvents {
  /** A relay is connected, and what it lacks is being sent. */
  readonly connect: { readonly peerID: string };
  /** Without an error if this device closed the connection. */
  readonly disconnect: { readonly peerID: string; readonly error?: KernelError };
  /** The relay has confirmed everything that this device had of a CoValue. */
  readonly sync: { readonly peerID: string; readonly id: string };
  /** Everything requested when the connection began has arrived. Once per connection. */
  readonly eose: { readonly peerID: string };
  /** CoValues have new content, made here or received from a relay or another tab of this account. */
  readonly change: { readonly ids: readonly string[]; readonly origin: ChangeOrigin };
  /** The relay requires a newer version of the app. Edits wait on this device. */
  readonly outdated: {
    readonly peerID: string;
    readonly required: string;
    readonly have: string | undefined;
  };
  /** Something was refused by the relay, or by this device on its behalf: without `id`, the connection itself. */
  readonly refused: { readonly peerID: string; readonly id?: string; readonly error: KernelError };
  /** An edit of this device is stored and delivered, but nobody counts it. Later, it may count after all. */
  readonly notCounted: {
    readonly id: string;
    readonly sessionID: string;
    /** The edit's position in its session. */
    readonly index: number;
    readonly reason: NotCountedReason;
  };
  /**
   * The relay has signed two states of its storage that cannot both be true, so it has lost data that it had confirmed, or shows
   * devices different data. This device compares everything with it. At most once in 6 hours for each relay.
   */
  readonly lost: {
    readonly peerID: string;
    readonly why: RelayContradiction['why'];
    readonly error: KernelError;
    /** The proof. */
    readonly contradiction: RelayContradiction;
  };
  /** Content from a relay was rejected: it cannot be authentic, or its author's account has not arrived. */
  readonly dropped: {
    readonly peerID: string;
    readonly id: string;
    readonly sessionID: string;
    readonly reason: string;
  };
}
export type ChangeOrigin = 'local' | 'relay' | 'tab';

export type SyncEvent = {
  readonly [E in keyof SyncEvents]: { readonly event: E; readonly detail: SyncEvents[E] };
}[keyof SyncEvents];

/** All events, in order. Every listener receives an event before the next one is delivered. */
export interface SyncEventStream {
  emit<E extends keyof SyncEvents>(event: E, detail: SyncEvents[E]): void;
  /** Emits a refusal and, if the app is outdated, that too. */
  refused(peerID: string, id: string | undefined, error: KernelError): void;
  /** Changes within one turn are combined into one event. */
  changed(id: string, origin: ChangeOrigin): void;
  on<E extends keyof SyncEvents>(event: E, listener: (detail: SyncEvents[E]) => void): () => void;
  /** Receives every event; for the inspector. */
  tap(listener: (event: SyncEvent) => void): () => void;
  /** Delivers what is queued, then stops. */
  close(): void;
}

export function createSyncEvents(): SyncEventStream {
  const listeners = new Map<keyof SyncEvents, Set<(detail: never) => void>>();
  const taps = new Set<(event: SyncEvent) => void>();
  const queue: SyncEvent[] = [];
  let changes: { readonly origin: ChangeOrigin; readonly ids: Set<string> } | undefined;
  let isDelivering = false;
  let isDue = false;
  let isClosed = false;

  function add(event: SyncEvent): void {
    queue.push(event);
    schedule();
  }

  /** Delivers in a later turn, because a listener may write, close, or subscribe again. */
  function schedule(): void {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      deliver();
    });
  }

  function deliver(): void {
    if (isDelivering) return;
    isDelivering = true;
    endChanges();
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { event, detail } = next;
      for (const tap of [...taps]) callListener(tap, next);
      for (const listener of [...(listeners.get(event) ?? [])]) callListener(listener, detail as never);
      endChanges();
    }
    isDelivering = false;
  }

  /** Emits collected changes before any later event. */
  function endChanges(): void {
    if (!changes) return;
    const { ids, origin } = changes;
    changes = undefined;
    queue.push({ event: 'change', detail: { ids: [...ids], origin } });
  }

  function hasListeners(event: keyof SyncEvents): boolean {
    return !isClosed && (taps.size > 0 || (listeners.get(event)?.size ?? 0) > 0);
  }

  const stream: SyncEventStream = {
    emit(event, detail) {
      if (!hasListeners(event)) return;
      endChanges();
      add({ event, detail } as SyncEvent);
    },
    refused(peerID, id, error) {
      stream.emit('refused', { peerID, ...(id !== undefined && { id }), error });
      if (!isKernelError(error, 'APP_OUTDATED')) return;
      const { required, have } = error.details;
      stream.emit('outdated', { peerID, required, have });
    },
    changed(id, origin) {
      if (!hasListeners('change')) return;
      if (changes?.origin !== origin) endChanges();
      changes ??= { origin, ids: new Set() };
      changes.ids.add(id);
      schedule();
    },
    on(event, listener) {
      const entry = (detail: never) => listener(detail);
      const ofEvent = listeners.get(event) ?? new Set();
      listeners.set(event, ofEvent.add(entry));
      return () => void ofEvent.delete(entry);
    },
    tap(listener) {
      const entry = (event: SyncEvent) => listener(event);
      taps.add(entry);
      return () => void taps.delete(entry);
    },
    close() {
      deliver();
      isClosed = true;
    },
  };
  return stream;
}
