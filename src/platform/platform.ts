import type { Clock } from '../base/clock.ts';
import type { Passkeys } from './passkey-api.ts';
import type { Socket } from './socket.ts';

/** Every browser global that the kernel uses, so that a test or another host can stand in for the browser. */
export interface Platform {
  readonly clock: Clock;
  random(length: number): Uint8Array<ArrayBuffer>;
  /** Absent in a page that is not a secure context. */
  readonly subtle: SubtleCrypto | undefined;
  readonly page: Page;
  /** Resolves in a task of its own, so that the browser can do other things before. */
  nextTask(): Promise<void>;
  openWebSocket(url: URL): Socket;
  fetch: typeof globalThis.fetch;
  /** Absent where the browser has none or refuses the very access. */
  readonly indexedDB: IDBFactory | undefined;
  /** Absent outside a secure context, and where the browser has none. */
  readonly storageManager: StorageManagement | undefined;
  readonly passkeys: Passkeys;
  /** Shared by all tabs of the origin. Absent outside a secure context. */
  readonly locks: Locks | undefined;
  /** Text that is kept across runs and can be written while a page ends. Absent where the browser refuses the very access. */
  readonly marks: Marks | undefined;
  /** Reaches every other tab of the origin that opened a channel of this name. Undefined outside a page. */
  openTabChannel(name: string, received: (message: unknown) => void): TabChannel | undefined;
}

/** Messages between tabs: plain data, which a tab may hear late, or never. */
export interface TabChannel {
  post(message: object): void;
  close(): void;
}

/** What the kernel uses of Web Locks. */
export interface Locks {
  /** `run` has the lock until it settles; with `ifAvailable`, null where somebody else has it. Rejects when aborted or robbed of it. */
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    run: (lock: object | null) => Promise<T>,
  ): Promise<T>;
  /** Who has what now, in all tabs. */
  query?(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

/** What the kernel uses of `navigator.storage`. `persist` may ask the person. */
export type StorageManagement = Pick<StorageManager, 'estimate' | 'persist' | 'persisted'>;

/** What the kernel uses of `localStorage`. `setItem` may throw where there is no room. */
export type Marks = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What the kernel reads of the page it runs in. Outside a page `url` is undefined, and it counts as online and visible. */
export interface Page {
  readonly url: URL | undefined;
  /** As the browser names itself. */
  readonly userAgent?: string | undefined;
  /** What the app calls it now. */
  readonly title?: string | undefined;
  readonly isSecureContext: boolean;
  readonly isOnline: boolean;
  readonly isVisible: boolean;
  /** `online`, `offline`: the network came or went. `visible`, `hidden`: the tab came to the front, or went from there. `hide`: the page is left or frozen. `freeze`: it is frozen. `show`: it is back from there. */
  on(event: PageEvent, listener: () => void): () => void;
}
export type PageEvent = 'online' | 'offline' | 'visible' | 'hidden' | 'hide' | 'freeze' | 'show';
