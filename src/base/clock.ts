/** The kernel's source of time; tests pass a fake. */
export interface Clock {
  /** Milliseconds since the Unix epoch, for what is shown, stamped or stored. It jumps when someone sets the clock. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment, for durations. It never jumps or goes back. */
  elapsedMs(): number;
  /** Calls `run` once after `delayMs`. Returns a function that cancels the call. */
  after(delayMs: number, run: () => void): () => void;
}

/** For a longer delay, `setTimeout` calls at once. */
const maxDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  // A number in any case, because it is stored: a page can replace `Date`.
  nowMs: () => Date.now() || 0,
  elapsedMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, maxDelayMs));
    return () => clearTimeout(timer);
  },
};
