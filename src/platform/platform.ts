import type { Clock } from '../base/clock.ts';
import type { Passkeys } from './passkey-api.ts';
import type { Socket } from './socket.ts';

/** Every browser global that the kernel uses, so that tests and other hosts can replace the browser. */
export interface Platform {
  readonly clock: Clock;
  random(length: number): Uint8Array<ArrayBuffer>;
  /** Absent outside a secure context. */
  readonly subtle: SubtleCrypto | undefined;
  readonly page: Page;
  /** Resolves in a new task, which lets the browser do other work first. */
  nextTask(): Promise<void>;
  openWebSocket(url: URL): Socket;
  fetch: typeof globalThis.fetch;
  /** Absent if the browser has none or throws on access. */
  readonly indexedDB: IDBFactory | undefined;
  /** Absent outside a secure context, or if the browser has none. */
  readonly storageManager: StorageManagement | undefined;
  readonly passkeys: Passkeys;
  /** Shared by all tabs of the origin. Absent outside a secure context. */
  readonly locks: Locks | undefined;
  /** Persistent text that can be written while a page unloads. Absent if the browser throws on access. */
  readonly marks: Marks | undefined;
  /** Reaches every other tab of the origin with a channel of this name. Undefined outside a page. */
  openTabChannel(name: string, received: (message: unknown) => void): TabChannel | undefined;
}

/** Messages of plain data between tabs. They may arrive late or never. */
export interface TabChannel {
  post(message: object): void;
  close(): void;
}

/** The subset of Web Locks that the kernel uses. */
export interface Locks {
  /** Holds the lock until `run` settles; `ifAvailable` passes null if it is taken. Rejects if aborted or stolen. */
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    run: (lock: object | null) => Promise<T>,
  ): Promise<T>;
  /** The locks currently held in all tabs. */
  query?(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

/** The subset of `navigator.storage` that the kernel uses. `persist` may prompt the user. */
export type StorageManagement = Pick<StorageManager, 'estimate' | 'persist' | 'persisted'>;

/** The subset of `localStorage` that the kernel uses. `setItem` may throw if the quota is exceeded. */
export type Marks = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What the kernel reads of the page. Outside a page, `url` is undefined, and the page counts as online and visible. */
export interface Page {
  readonly url: URL | undefined;
  readonly userAgent?: string | undefined;
  readonly title?: string | undefined;
  readonly isSecureContext: boolean;
  readonly isOnline: boolean;
  readonly isVisible: boolean;
  /** `visible`, `hidden`: the tab's state. `hide`: the page is left or frozen. `freeze`: frozen. `show`: restored. */
  on(event: PageEvent, listener: () => void): () => void;
}
export type PageEvent = 'online' | 'offline' | 'visible' | 'hidden' | 'hide' | 'freeze' | 'show';
