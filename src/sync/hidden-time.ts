import type { Clock } from '../base/clock.ts';
import type { Page } from '../platform/platform.ts';

/** Tells when the page has been hidden for long: its person is elsewhere. */
export interface HiddenTime {
  readonly isLong: boolean;
  stop(): void;
}

/** So that a look at another tab costs nothing. */
export const longHiddenMs = 60_000;

/** Calls `looked` when the time is long, and again each time it has become so much longer. */
export function watchHiddenTime(page: Page, clock: Clock, looked: () => void): HiddenTime {
  let isLong = false;
  let cancel = () => {};

  function begin(): void {
    cancel();
    cancel = clock.after(longHiddenMs, () => {
      isLong = true;
      begin();
      looked();
    });
  }

  function end(): void {
    cancel();
    isLong = false;
  }

  const stopListening = [page.on('hidden', begin), page.on('visible', end)];
  if (!page.isVisible) begin();
  return {
    get isLong() {
      return isLong;
    },
    stop() {
      end();
      for (const stop of stopListening) stop();
    },
  };
}
