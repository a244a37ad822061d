import type { Clock } from '../../base/clock.ts';
import type { Page } from '../../platform/platform.ts';

export interface HiddenTime {
  readonly isLong: boolean;
  stop(): void;
}

/** Long enough that a glance at another tab does not disconnect. */
export const longHiddenMs = 60_000;

/** Calls `onLong` each time the page has been hidden for another `longHiddenMs`. */
export function watchHiddenTime(page: Page, clock: Clock, onLong: () => void): HiddenTime {
  let isLong = false;
  let cancel = () => {};

  function begin(): void {
    cancel();
    cancel = clock.after(longHiddenMs, () => {
      isLong = true;
      begin();
      onLong();
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
