import type { Clock } from '../../src/base/clock.ts';
import type { Page, PageEvent } from '../../src/platform/platform.ts';
import type { SimDevice, World } from './world.ts';

/** One page's event loop, and what its browser tells it. cojson's own timers go on while it is frozen. */
export interface SimPage {
  readonly clock: Clock;
  readonly page: Page;
  /** Runs the code, later if the page is frozen, never if it has ended. */
  run(code: () => void): void;
  setVisible(isVisible: boolean): void;
  readonly isFrozen: boolean;
  setFrozen(isFrozen: boolean): void;
  readonly isOver: boolean;
  /** No code of the page runs from now on. */
  end(): void;
}

export function createSimPage({ time }: World, device: SimDevice): SimPage {
  const listeners = new Map<PageEvent, Set<() => void>>();
  let isVisible = true;
  let isFrozen = false;
  let isOver = false;
  let waiting: (() => void)[] = [];

  function run(code: () => void): void {
    if (isOver) return;
    if (isFrozen) waiting.push(code);
    else code();
  }

  function emit(event: PageEvent): void {
    for (const listener of [...(listeners.get(event) ?? [])]) run(listener);
  }

  return {
    clock: {
      nowMs: () => time.nowMs() + device.clockErrorMs,
      elapsedMs: time.elapsedMs,
      after(delayMs, code) {
        let isCancelled = isOver;
        const cancel = isOver ? undefined : time.after(delayMs, () => run(() => isCancelled || code()));
        return () => {
          // A browser also drops a timer that became due while the page was frozen.
          isCancelled = true;
          cancel?.();
        };
      },
    },
    page: {
      url: undefined,
      isSecureContext: true,
      get isOnline() {
        return device.isOnline;
      },
      get isVisible() {
        return isVisible;
      },
      on(event, listener) {
        const all = listeners.get(event) ?? new Set();
        listeners.set(event, all.add(listener));
        const stop = device.onPage(event, () => run(listener));
        return () => {
          all.delete(listener);
          stop();
        };
      },
    },
    run,
    setVisible(next) {
      if (isVisible === next) return;
      isVisible = next;
      emit(next ? 'visible' : 'hidden');
    },
    get isFrozen() {
      return isFrozen;
    },
    setFrozen(next) {
      if (isFrozen === next) return;
      if (next) emit('freeze');
      isFrozen = next;
      if (next) return;
      emit('show');
      const due = waiting;
      waiting = [];
      for (const code of due) run(code);
    },
    get isOver() {
      return isOver;
    },
    end() {
      isOver = true;
      waiting = [];
    },
  };
}
