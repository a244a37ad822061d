import { createKernelError } from '../../base/kernel-error.ts';
import { isLoopback } from './local-address.ts';
import type { RelayOptions } from './relay-options.ts';

type Doors = Pick<RelayOptions, 'host' | 'server' | 'origins' | 'open' | 'auth' | 'metricsPort'>;

/**
 * What anyone who reaches the relay may do although no setting says that they may, as sentences for the log. Throws
 * RELAY_SETTING_INVALID in production if any client may connect.
 */
export function checkExposure(options: Doors, isProduction: boolean): readonly string[] {
  const { host = '127.0.0.1', server, origins = [], open = false, auth, metricsPort } = options;
  // Nothing tells who will reach a server of the caller.
  if (!server && isLoopback(host)) return [];
  const where = server ? 'A relay on a server of its caller' : `A relay on ${host}`;
  const everyone = `${where} serves all clients and the pages of all origins. Let clients sign in (JWKS_URL or SYNC_MAIA_ACCOUNT_AUTH), set the origins of its apps (CORS_ORIGINS), or declare it open (SYNC_MAIA_OPEN=true).`;
  const isUndecided = origins.length === 0 && !open && !auth;
  if (isUndecided && isProduction) throw createKernelError('RELAY_SETTING_INVALID', everyone);
  return [
    ...(isUndecided ? [everyone] : []),
    ...(metricsPort === undefined
      ? [`${where} shows its metrics to everyone. Give them a port of their own (METRICS_PORT).`]
      : []),
  ];
}
