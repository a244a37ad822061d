import type { Page, PageEvent } from '../../../src/platform/platform.ts';

/** An online, visible page whose events a test fires. */
export interface FakePage extends Page {
  tell(event: PageEvent): void;
}

export function createFakePage(): FakePage {
  const listeners = new Map<PageEvent, Set<() => void>>();
  return {
    url: undefined,
    isSecureContext: true,
    isOnline: true,
    isVisible: true,
    on(event, listener) {
      const own = () => listener();
      const ofEvent = listeners.get(event) ?? new Set();
      listeners.set(event, ofEvent.add(own));
      return () => void ofEvent.delete(own);
    },
    tell(event) {
      for (const listener of [...(listeners.get(event) ?? [])]) listener();
    },
  };
}
