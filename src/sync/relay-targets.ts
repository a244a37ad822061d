import { createKernelError } from '../base/kernel-error.ts';
import { relayNames } from './relay-names.ts';
import { isRelayAuth, methodOf, type AuthMethod, type RelayAuth } from './auth/relay-auth.ts';
import type { RelayTarget, SyncOptions } from './sync-peers.ts';
import { resolveSyncUrls } from './connection/sync-url.ts';

export { isThisMachine } from './connection/sync-url.ts';

export type RelayTargets = readonly [RelayUrls, ...RelayUrls[]];
type RelayUrls = readonly [string, ...string[]];
/** In the order of the targets. */
export type RelayAuths = readonly (RelayAuth | undefined)[];

/** Throws SYNC_URL_INVALID. */
export function readRelayTargets(sync: SyncOptions): RelayTargets {
  const isObject = Object(sync) === sync;
  const { url, relays, auth, appID }: SyncOptions = isObject ? sync : { relays: [] };
  const app = appID === undefined ? {} : { appID };
  if (auth !== undefined && relays !== undefined)
    throw invalid('`auth` is for `url`, but the options have `relays`, each of which takes its own `auth`');
  if (!readRelayAuths(sync).every(isRelayAuth))
    throw invalid("An `auth` is neither `{ token }` with a function nor 'account'");
  if (relays === undefined) return [resolveSyncUrls(url, app)];
  const several = url === undefined && areRelays(relays) ? relays : [];
  const [first, ...others] = several.map((relay) => resolveSyncUrls(relay.url, app));
  if (!first) throw invalid('The options are neither `{ url }` nor `{ relays: [{ url }] }`');
  const targets = [first, ...others] as const;
  // Relays of one name would share a peer ID.
  const all = [...targets.flat(), ...relayNames(targets.map(([url]) => url))];
  const twice = all.find((one, index) => all.indexOf(one) < index);
  if (twice) throw invalid(`${twice} is listed twice`);
  return targets;
}

/** How to sign in at each target of valid options. */
export function readRelayAuths(sync: SyncOptions): RelayAuths {
  const { relays, auth } = Object(sync) as SyncOptions;
  return Array.isArray(relays) ? relays.map((relay: RelayTarget | null) => relay?.auth) : [auth];
}

/** Which of them are the same as others, although two functions never are. */
export function authMethods(sync: SyncOptions): readonly (AuthMethod | undefined)[] {
  return readRelayAuths(sync).map(methodOf);
}

const areRelays = (value: unknown) => Array.isArray(value) && value.every(hasUrl);
const hasUrl = (relay: Partial<RelayTarget> | null) => relay?.url !== undefined;

function invalid(what: string) {
  return createKernelError(
    'SYNC_URL_INVALID',
    `${what}. Pass each relay once, in \`url\` or \`relays\`; for no relay, pass \`sync: false\`.`,
  );
}
