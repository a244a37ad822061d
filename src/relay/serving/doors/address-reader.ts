import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import { isLocalAddress } from '../../config/local-address.ts';
import { addressOf } from '../client-address.ts';
import { hourMs } from './warn-hourly.ts';

/**
 * Returns whose connections a request counts for. A peer on the internet is no proxy of this relay: it came past the proxy,
 * and could forge any header.
 */
export function createAddressReader(
  trustProxy: boolean,
  logger: Logger,
  clock: Clock,
): (request: IncomingMessage) => string {
  let warnedAtMs = -Infinity;

  function isProxy({ remoteAddress }: IncomingMessage['socket']): boolean {
    // A Unix socket has no address.
    if (remoteAddress === undefined || isLocalAddress(remoteAddress)) return true;
    if (clock.elapsedMs() - warnedAtMs >= hourMs) {
      warnedAtMs = clock.elapsedMs();
      logger.warn(
        'A client with a public address reached the relay, which trusts its proxy. X-Forwarded-For was ignored. Let only the proxy reach the relay, from a private address',
      );
    }
    return false;
  }

  return (request) => addressOf(request, trustProxy && isProxy(request.socket));
}
