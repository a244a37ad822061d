import type { Clock } from '../../../base/clock.ts';

/** A slower client is probably stalling on purpose. */
const minBytesPerMs = 10;

export interface Allowance {
  /** So many bytes have come or gone. */
  progressed(bytes: number): void;
  /** The relay makes the client wait, until `goOn`. */
  hold(): void;
  goOn(): void;
  /** No more than this from now on. */
  shorten(ms: number): void;
  end(): void;
}

/**
 * Calls `late` once a client has stalled for `waitMs` in total, besides the time that its bytes need on a slow connection. Bytes
 * that came faster save no time for later.
 */
export function allowTime(
  waitMs: number,
  clock: Pick<Clock, 'elapsedMs' | 'after'>,
  late: () => void,
): Allowance {
  let untilMs = clock.elapsedMs() + waitMs;
  let mostMs = waitMs;
  let heldAtMs: number | undefined;
  let cancel = clock.after(waitMs, check);

  function check(): void {
    const leftMs = untilMs - clock.elapsedMs();
    if (leftMs > 0) cancel = clock.after(leftMs, check);
    else late();
  }

  return {
    progressed(bytes) {
      untilMs = Math.min(untilMs + bytes / minBytesPerMs, clock.elapsedMs() + mostMs);
    },
    hold() {
      heldAtMs ??= clock.elapsedMs();
      cancel();
    },
    goOn() {
      if (heldAtMs === undefined) return;
      untilMs += clock.elapsedMs() - heldAtMs;
      heldAtMs = undefined;
      check();
    },
    shorten(ms) {
      mostMs = Math.min(mostMs, ms);
      untilMs = Math.min(untilMs, clock.elapsedMs() + ms);
      cancel();
      check();
    },
    end: () => cancel(),
  };
}
