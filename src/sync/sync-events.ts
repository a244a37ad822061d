import { isKernelError, type KernelError } from '../base/kernel-error.ts';
import { callListener } from '../base/readable.ts';

/** What happens in a sync, as it happens. */
export interface SyncEvents {
  /** A relay is there, and what it lacks goes out. */
  readonly connect: { readonly peerID: string };
  /** Without an error where this device ended it. */
  readonly disconnect: { readonly peerID: string; readonly error?: KernelError };
  /** The relay has confirmed all that this device had to tell of a CoValue. */
  readonly sync: { readonly peerID: string; readonly id: string };
  /** All that was asked for when the connection began has arrived. Once a connection. */
  readonly eose: { readonly peerID: string };
  /** CoValues have new content: made here, or brought by a relay or by another tab of this account. */
  readonly change: { readonly ids: readonly string[]; readonly origin: ChangeOrigin };
  /** The relay takes this app's edits only from a newer version. They wait on this device. */
  readonly outdated: {
    readonly peerID: string;
    readonly required: string;
    readonly have: string | undefined;
  };
  /** Something was not taken: by the relay, or by this device in its place. Without `id`, the connection itself. */
  readonly refused: { readonly peerID: string; readonly id?: string; readonly error: KernelError };
  /** Content of a relay that was not let in, as it cannot be what it claims to be. */
  readonly dropped: {
    readonly peerID: string;
    readonly id: string;
    readonly sessionID: string;
    readonly reason: string;
  };
}
export type ChangeOrigin = 'local' | 'relay' | 'tab';

/** One event of the stream. */
export type SyncEvent = {
  readonly [E in keyof SyncEvents]: { readonly event: E; readonly detail: SyncEvents[E] };
}[keyof SyncEvents];

/** All that happens, in order. An event is delivered to everybody before the next one is. */
export interface SyncEventStream {
  emit<E extends keyof SyncEvents>(event: E, detail: SyncEvents[E]): void;
  /** A refusal, and what it means for the app. */
  refused(peerID: string, id: string | undefined, error: KernelError): void;
  /** CoValues that changed are told together, once in a turn. */
  changed(id: string, origin: ChangeOrigin): void;
  on<E extends keyof SyncEvents>(event: E, listener: (detail: SyncEvents[E]) => void): () => void;
  /** Every event; what the inspector reads. */
  tap(listener: (event: SyncEvent) => void): () => void;
  /** Tells what is left, and nothing more. */
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
    soon();
  }

  /** In a turn of its own: who listens may write, close, or listen to more. */
  function soon(): void {
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

  /** What changed before something else happened is told before it. */
  function endChanges(): void {
    if (!changes) return;
    const { ids, origin } = changes;
    changes = undefined;
    queue.push({ event: 'change', detail: { ids: [...ids], origin } });
  }

  function isHeard(event: keyof SyncEvents): boolean {
    return !isClosed && (taps.size > 0 || (listeners.get(event)?.size ?? 0) > 0);
  }

  const stream: SyncEventStream = {
    emit(event, detail) {
      if (!isHeard(event)) return;
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
      if (!isHeard('change')) return;
      if (changes?.origin !== origin) endChanges();
      changes ??= { origin, ids: new Set() };
      changes.ids.add(id);
      soon();
    },
    on(event, listener) {
      const own = (detail: never) => listener(detail);
      const ofEvent = listeners.get(event) ?? new Set();
      listeners.set(event, ofEvent.add(own));
      return () => void ofEvent.delete(own);
    },
    tap(listener) {
      const own = (event: SyncEvent) => listener(event);
      taps.add(own);
      return () => void taps.delete(own);
    },
    close() {
      deliver();
      isClosed = true;
    },
  };
  return stream;
}
