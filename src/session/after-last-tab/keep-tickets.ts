import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { KeptTicket } from '../../worker/delivery-plans.ts';

/** Keeps a relay's ticket young enough to count for at least twelve hours after the tab is closed. */
export interface TicketKeeper {
  /** Call while the relay is connected, as often as you like. */
  refresh(url: string): void;
  close(): void;
}

const renewMs = 12 * 60 * 60_000;
const retryMs = 10 * 60_000;
/** A longer timer might not run after the device has slept. */
const checkMs = 60 * 60_000;

export function keepTicket(options: {
  readonly read: () => Promise<KeptTicket | undefined>;
  readonly get: (url: string) => Promise<string | undefined>;
  readonly keep: (ticket: KeptTicket) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}): TicketKeeper {
  const { read, get, keep, clock, logger } = options;
  let dueMs = -Infinity;
  let isRunning = false;
  let isClosed = false;
  let cancel = () => {};

  async function renew(url: string): Promise<number> {
    const nowMs = clock.nowMs();
    const before = await read();
    const ageMs = before ? nowMs - before.sinceMs : Infinity;
    // The clock may have been set back.
    if (ageMs >= 0 && ageMs < renewMs) return renewMs - ageMs;
    const token = await get(url);
    if (!isClosed) await keep({ ...(token !== undefined && { token }), sinceMs: nowMs });
    return renewMs;
  }

  function refresh(url: string): void {
    if (isRunning || isClosed || clock.elapsedMs() < dueMs) return;
    isRunning = true;
    void renew(url)
      .catch(() => {
        logger.debug('The relay gave no ticket for the service worker; retrying later');
        return retryMs;
      })
      .then((waitMs) => {
        isRunning = false;
        dueMs = clock.elapsedMs() + waitMs;
        cancel();
        if (!isClosed) cancel = clock.after(Math.min(waitMs, checkMs), () => refresh(url));
      });
  }

  return {
    refresh,
    close() {
      isClosed = true;
      cancel();
    },
  };
}
