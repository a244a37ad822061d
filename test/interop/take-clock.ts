/** The time in this thread, for everything that asks for it. */
export interface TakenClock {
  set(nowMs: number): void;
  giveBack(): void;
}

/** Without timers, which stay real. */
export function takeClock(startMs: number): TakenClock {
  const Original = globalThis.Date;
  let nowMs = startMs;
  globalThis.Date = class extends Original {
    constructor(...parts: readonly []) {
      super(...(parts.length === 0 ? ([nowMs] as unknown as readonly []) : parts));
    }

    static override now(): number {
      return nowMs;
    }
  } as DateConstructor;
  return {
    set: (ms) => void (nowMs = ms),
    giveBack: () => void (globalThis.Date = Original),
  };
}
