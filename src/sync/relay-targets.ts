import { createKernelError } from '../base/kernel-error.ts';
import type { SyncOptions } from './sync-peers.ts';
import { resolveSyncUrls } from './sync-url.ts';

export type RelayTargets = readonly [RelayUrls, ...RelayUrls[]];
type RelayUrls = readonly [string, ...string[]];

/** Throws SYNC_URL_INVALID. */
export function readRelayTargets({ url, relays }: SyncOptions): RelayTargets {
  if (!relays) return [resolveSyncUrls({ ...(url !== undefined && { url }) })];
  const [first, ...others] = relays.map((relay) => resolveSyncUrls(relay));
  if (url !== undefined) throw invalid('Both `url` and `relays` were given, but only one is allowed');
  if (!first) throw invalid('The `relays` option is an empty array, so there is no relay to connect to');
  const addresses = [first, ...others].flat();
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw invalid(`${twice} is listed twice among the relays`);
  return [first, ...others];
}

function invalid(what: string) {
  return createKernelError(
    'SYNC_URL_INVALID',
    `${what}. Pass each relay once, in either \`url\` or \`relays\`; for no relay, pass \`sync: false\`.`,
  );
}
