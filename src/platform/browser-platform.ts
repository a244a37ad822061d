import { unreachable } from '../base/assert.ts';
import { systemClock } from '../base/clock.ts';
import { nextTask } from '../base/next-task.ts';
import { openWebSocket } from './open-web-socket.ts';
import type { Page, PageEvent, Platform, TabChannel } from './platform.ts';
import { createWebAuthnPasskeys } from './web-authn-passkeys.ts';

/** The current page. Reads globals on demand, so it can be created anywhere, including Node. */
export function createBrowserPlatform(): Platform {
  return {
    clock: systemClock,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    get subtle() {
      return globalThis.crypto.subtle as SubtleCrypto | undefined;
    },
    page: createBrowserPage(),
    nextTask,
    openWebSocket,
    fetch: (input, init) => globalThis.fetch(input, init),
    get indexedDB() {
      return orNone(() => globalThis.indexedDB);
    },
    get storageManager() {
      return 'document' in globalThis
        ? (navigator as { readonly storage?: StorageManager }).storage
        : undefined;
    },
    passkeys: createWebAuthnPasskeys(),
    get locks() {
      // Node's `navigator` may lack them.
      return 'navigator' in globalThis ? (navigator as { readonly locks?: LockManager }).locks : undefined;
    },
    get marks() {
      return 'document' in globalThis ? orNone(() => globalThis.localStorage) : undefined;
    },
    openTabChannel(name, received) {
      // Node has BroadcastChannel too, but an open one keeps its process alive.
      return 'document' in globalThis ? orNone(() => openTabChannel(name, received)) : undefined;
    },
  };
}

function createBrowserPage(): Page {
  return {
    get url() {
      return 'location' in globalThis ? new URL(location.href) : undefined;
    },
    get userAgent() {
      // Node has a `navigator` too.
      return 'document' in globalThis ? navigator.userAgent : undefined;
    },
    get title() {
      return 'document' in globalThis ? document.title : undefined;
    },
    get isSecureContext() {
      return (globalThis as { readonly isSecureContext?: boolean }).isSecureContext ?? true;
    },
    get isOnline() {
      // Node's `navigator` has no `onLine`, and a browser's `true` means "maybe".
      return !('navigator' in globalThis) || (navigator as { readonly onLine?: boolean }).onLine !== false;
    },
    get isVisible() {
      return !('document' in globalThis) || document.visibilityState === 'visible';
    },
    on(event, listener) {
      const ending = new AbortController();
      const { signal } = ending;
      for (const { target, name } of sourcesOf(event)) {
        target.addEventListener(name, () => isMeant(event) && listener(), { signal });
      }
      return () => ending.abort();
    },
  };
}

/** `visibilitychange` fires in both directions; true for the direction that was requested. */
function isMeant(event: PageEvent): boolean {
  if (event === 'visible') return !document.hidden;
  return event !== 'hidden' || document.hidden;
}

function sourcesOf(event: PageEvent): readonly { readonly target: EventTarget; readonly name: string }[] {
  if (!('document' in globalThis)) return [];
  switch (event) {
    case 'online':
    case 'offline':
      return [{ target: globalThis, name: event }];
    case 'visible':
    case 'hidden':
      return [{ target: document, name: 'visibilitychange' }];
    case 'hide':
      return [
        { target: globalThis, name: 'pagehide' },
        { target: document, name: 'freeze' },
      ];
    case 'freeze':
      return [{ target: document, name: 'freeze' }];
    case 'show':
      return [
        { target: globalThis, name: 'pageshow' },
        { target: document, name: 'resume' },
      ];
    default:
      return unreachable(event);
  }
}

function openTabChannel(name: string, received: (message: unknown) => void): TabChannel {
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', ({ data }) => received(data));
  return {
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
}

/** Some private windows throw on access, and some frames have no `BroadcastChannel`. */
function orNone<T>(access: () => T | undefined): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
