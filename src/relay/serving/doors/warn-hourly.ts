import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';

export const hourMs = 3_600_000;

/** Logs the warnings now and every hour. Returns a function that ends this. */
export function warnHourly(warnings: readonly string[], logger: Logger, clock: Clock): () => void {
  let cancel = () => {};

  function warn(): void {
    for (const warning of warnings) logger.warn(warning);
    cancel = clock.after(hourMs, warn);
  }

  if (warnings.length > 0) warn();
  return () => cancel();
}
