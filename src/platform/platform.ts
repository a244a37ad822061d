import type { Clock } from './clock.ts';
import type { Passkeys } from './passkeys.ts';
import type { Socket } from './socket.ts';

/** Every browser global that the kernel uses, so that a test or another host can stand in for the browser. */
export interface Platform {
  readonly clock: Clock;
  random(length: number): Uint8Array<ArrayBuffer>;
  /** Absent in a page that is not a secure context. */
  readonly subtle: SubtleCrypto | undefined;
  readonly page: Page;
  openWebSocket(url: URL): Socket;
  /** Absent where the browser has none or refuses the very access. */
  readonly indexedDB: IDBFactory | undefined;
  readonly passkeys: Passkeys;
}

/** What the kernel reads of the page it runs in. Outside a page `url` is undefined, and it counts as online and visible. */
export interface Page {
  readonly url: URL | undefined;
  readonly isSecureContext: boolean;
  readonly isOnline: boolean;
  readonly isVisible: boolean;
  /** `online`, `offline`: the network came or went. `visible`: the tab came to the front. `hide`: the page is left or frozen. */
  on(event: PageEvent, listener: () => void): () => void;
}
export type PageEvent = 'online' | 'offline' | 'visible' | 'hide';
