import type { Page, PageEvent } from '../../../src/platform/platform.ts';

/** An online page whose events a test fires. It is visible, except from `hidden` to `visible`. */
export interface FakePage extends Page {
  tell(event: PageEvent): void;
}

export function createFakePage(): FakePage {
  const listeners = new Map<PageEvent, Set<() => void>>();
  let isVisible = true;
  return {
    url: undefined,
    isSecureContext: true,
    isOnline: true,
    get isVisible() {
      return isVisible;
    },
    on(event, listener) {
      const own = () => listener();
      const ofEvent = listeners.get(event) ?? new Set();
      listeners.set(event, ofEvent.add(own));
      return () => void ofEvent.delete(own);
    },
    tell(event) {
      if (event === 'visible' || event === 'hidden') isVisible = event === 'visible';
      for (const listener of [...(listeners.get(event) ?? [])]) listener();
    },
  };
}
