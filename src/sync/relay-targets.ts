import { createKernelError } from '../base/kernel-error.ts';
import type { RelayTarget, SyncOptions } from './sync-peers.ts';
import { resolveSyncUrls } from './connection/sync-url.ts';

export type RelayTargets = readonly [RelayUrls, ...RelayUrls[]];
type RelayUrls = readonly [string, ...string[]];

/** Throws SYNC_URL_INVALID. */
export function readRelayTargets(sync: SyncOptions): RelayTargets {
  const isObject = Object(sync) === sync;
  const { url, relays }: SyncOptions = isObject ? sync : { relays: [] };
  if (relays === undefined) return [resolveSyncUrls({ ...(url !== undefined && { url }) })];
  const several = url === undefined && areRelays(relays) ? relays : [];
  const [first, ...others] = several.map((relay) => resolveSyncUrls(relay));
  if (!first) throw invalid('The options are neither `{ url }` nor `{ relays: [{ url }] }`');
  const addresses = [first, ...others].flat();
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined) throw invalid(`${twice} is listed twice among the relays`);
  return [first, ...others];
}

const areRelays = (value: unknown) => Array.isArray(value) && value.every(hasUrl);
const hasUrl = (relay: Partial<RelayTarget> | null) => relay?.url !== undefined;

function invalid(what: string) {
  return createKernelError(
    'SYNC_URL_INVALID',
    `${what}. Pass each relay once, in either \`url\` or \`relays\`; for no relay, pass \`sync: false\`.`,
  );
}
