import type { Logger } from '../../base/logger.ts';
import { oneLine } from '../../wire/one-line.ts';
import type { OriginCheck } from '../client/http/cross-origin.ts';

/** Any client can send an origin, of any length. */
const maxOriginLength = 200;
const maxWarned = 100;

/** Allows a missing `Origin`, because every browser sends it. */
export function createOriginCheck(
  origins: readonly string[],
  count: () => void,
  logger: Pick<Logger, 'debug' | 'warn'>,
): OriginCheck {
  /** Each is a warning once: it may be a page of the operator. */
  const warned = new Set<string>();
  const allows = (origin: string | undefined) =>
    origin === undefined || origins.length === 0 || origins.includes(origin);
  return {
    allows,
    refused(request) {
      count();
      const origin = request.headers.origin && oneLine(request.headers.origin.slice(0, maxOriginLength));
      if (origin === undefined || allows(request.headers.origin)) {
        logger.debug('Refused a page', { origin, reason: 'The request hides its origin (no-cors).' });
        return;
      }
      const isKnown = warned.has(origin) || warned.size >= maxWarned;
      if (!isKnown) warned.add(origin);
      logger[isKnown ? 'debug' : 'warn']('Refused a page', {
        origin,
        reason: 'CORS_ORIGINS does not list this origin.',
      });
    },
  };
}
