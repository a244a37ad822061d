import { isKernelError } from '../../base/kernel-error.ts';
import { resolveFrom, type UrlSources } from '../../sync/inspection.ts';
import type { UrlSource } from '../snapshot/relay-facts.ts';

/**
 * Where a default address came from. Compares, because the app may have changed `globalThis.PUBLIC_API_DOMAIN` since.
 * Undefined if no source leads to this address now.
 */
export function defaultUrlSource(url: string, sources: UrlSources): UrlSource | undefined {
  const { devProxy, runTime, buildTime } = sources;
  const none: UrlSources = { ...sources, option: undefined, runTime: undefined, buildTime: undefined };
  const leadsHere = (only: Partial<UrlSources>) => addressFrom({ ...none, ...only }) === url;
  if (devProxy) return leadsHere({}) ? 'dev-server' : undefined;
  if (runTime && leadsHere({ runTime })) return 'run-time';
  if (buildTime && leadsHere({ buildTime })) return 'build-time';
  return leadsHere({}) ? 'page' : undefined;
}

function addressFrom(sources: UrlSources): string | undefined {
  try {
    return resolveFrom(sources);
  } catch (error) {
    if (isKernelError(error, 'SYNC_URL_INVALID')) return undefined;
    throw error;
  }
}
