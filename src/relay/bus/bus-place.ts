import { createKernelError } from '../../base/kernel-error.ts';

/** The address of a NATS server; undefined for PostgreSQL's own notifications. Errors never repeat it: it may hold a password. */
export function readBusPlace(bus: string, storageKind: string): string | undefined {
  if (bus === 'postgres') return undefined;
  const url = URL.canParse(bus) ? new URL(bus) : undefined;
  if (!url?.host || !/^(?:nats|tls):$/.test(url.protocol)) {
    throw invalid(
      'The bus setting (SYNC_MAIA_BUS) is invalid. Use postgres, nats://HOST:PORT or tls://USER:PASSWORD@HOST:PORT.',
    );
  }
  if (storageKind !== 'postgres') {
    throw invalid(
      'The bus setting (SYNC_MAIA_BUS) names a NATS server, but only relays on one PostgreSQL database use a bus. Remove it, or set DATABASE_URL.',
    );
  }
  return bus;
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
