/** The part of a service worker's global scope that the helper uses. TypeScript's own types exclude those of pages. */
export interface WorkerScope {
  addEventListener(type: 'sync', listener: (event: SyncEvent) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}

/** Rejecting the promise makes the browser try again later. */
interface SyncEvent {
  readonly tag: string;
  waitUntil(promise: Promise<unknown>): void;
}
