import { createKernelError } from '../../base/kernel-error.ts';
import { isAppID } from '../../wire/sync-path.ts';

// Defined by the Vite plugin: the first by its dev server, the second in builds, the third in both.
declare const __MAIA_DEV_PROXY__: boolean | undefined;
declare const __MAIA_PUBLIC_API_DOMAIN__: string | undefined;
declare const __MAIA_APP_ID__: string | undefined;
declare global {
  /** Set by a deployment before the app's script, to point a finished build at another relay. */
  var PUBLIC_API_DOMAIN: string | undefined;
}

/** Possible sources of a relay's address, in order of precedence, and the app whose data to sync there. */
export interface UrlSources {
  readonly option: string | undefined;
  readonly devProxy: boolean;
  readonly runTime: string | undefined;
  readonly buildTime: string | undefined;
  readonly page: URL | undefined;
  readonly appID: string | undefined;
}

/** Where to sync, and the app whose data is kept apart there. */
export interface SyncPlaceOptions {
  readonly url?: string;
  readonly appID?: string;
}

/**
 * The relay's WebSocket URL: `url`, else `PUBLIC_API_DOMAIN` at run time (`globalThis`), else the one of the build, else the
 * page's origin. Under the Vite plugin's dev server: `url`, else the page's origin. The default path is `/sync`. The
 * path ends with `appID`, else the one of the Vite plugin, if there is one. Throws SYNC_URL_INVALID, which names the value and its
 * source.
 */
export function resolveSyncUrl({ url, appID }: SyncPlaceOptions = {}): string {
  return resolveFrom(readUrlSources(url, appID));
}

export function readUrlSources(option?: string, appID?: string): UrlSources {
  return {
    option,
    appID: appID ?? (typeof __MAIA_APP_ID__ !== 'undefined' ? __MAIA_APP_ID__ : undefined),
    devProxy: typeof __MAIA_DEV_PROXY__ !== 'undefined' && __MAIA_DEV_PROXY__ === true,
    runTime: globalThis.PUBLIC_API_DOMAIN,
    buildTime: typeof __MAIA_PUBLIC_API_DOMAIN__ !== 'undefined' ? __MAIA_PUBLIC_API_DOMAIN__ : undefined,
    page: 'location' in globalThis ? new URL(globalThis.location.href) : undefined,
  };
}

/** Resolves each of a relay's fail-over addresses. Without `url`, returns the default address. */
export function resolveSyncUrls(
  url: string | readonly string[] | undefined,
  app: Pick<SyncPlaceOptions, 'appID'>,
): [string, ...string[]] {
  if (url === undefined) return [resolveSyncUrl(app)];
  const [first, ...others] = [url].flat();
  return [
    resolveSyncUrl({ url: first ?? '', ...app }),
    ...others.map((other) => resolveSyncUrl({ url: other ?? '', ...app })),
  ];
}

export function resolveFrom(sources: UrlSources): string {
  const { page, appID } = sources;
  if (appID !== undefined && !isAppID(appID))
    throw createKernelError(
      'SYNC_URL_INVALID',
      `${JSON.stringify(appID)} is not an app ID. Use a to z, digits and hyphens, at most 63.`,
    );
  const [value, source] = pick(sources);
  const shown = String(value).replace(/[^/@]*@/, '…@'); // An error must not contain a password.
  const invalid = (why: string, cause?: unknown) =>
    createKernelError(
      'SYNC_URL_INVALID',
      `The relay's address ${JSON.stringify(shown)}, from ${source}, ${why}. Use a domain such as "relay.example.org", or a full wss:// URL.`,
      { details: { value: shown, source }, ...(cause !== undefined && { cause }) },
    );

  if (typeof value !== 'string') throw invalid('is not a string');
  if (value.trim() === '') throw invalid('is empty');
  let url: URL;
  try {
    url = new URL(withScheme(value.trim(), page));
  } catch (cause) {
    throw invalid('cannot be read as a domain or URL', cause);
  }
  const scheme = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url.protocol];
  if (!scheme) throw invalid(`has the scheme "${url.protocol}", which relays do not support`);
  // `URL` takes "ht!tp" for a host, and in "wss://https://a.org" the second scheme.
  if (!/^[\w.-]+$|^\[/.test(url.hostname) || url.pathname.startsWith('//'))
    throw invalid('cannot be read as a domain or URL');
  if (url.username || url.password) throw invalid('contains a user name or password, which is not allowed');
  url.protocol = scheme;
  url.hash = '';
  if (scheme === 'ws:' && page?.protocol === 'https:') {
    throw invalid('is not encrypted (ws:), so a page served over https: may not open it');
  }
  if (url.pathname === '/') url.pathname = '/sync';
  if (appID !== undefined) url.pathname = url.pathname.replace(/\/?$/, `/${appID}`);
  return url.href;
}

function pick({ option, devProxy, runTime, buildTime, page }: UrlSources): [value: string, source: string] {
  if (option !== undefined) return [option, 'the `url` option'];
  if (!devProxy) {
    if (runTime !== undefined && runTime !== '') return [runTime, 'globalThis.PUBLIC_API_DOMAIN'];
    if (buildTime !== undefined && buildTime !== '') return [buildTime, 'PUBLIC_API_DOMAIN at build time'];
  }
  if (page && (page.protocol === 'http:' || page.protocol === 'https:')) {
    return [page.origin, 'the page’s origin'];
  }
  throw createKernelError(
    'SYNC_URL_INVALID',
    'There is no relay address: none was given, and no web server served this page. Pass `url`, or set PUBLIC_API_DOMAIN.',
  );
}

/** A bare domain gets `wss`. Loopback gets the page's scheme, because it rarely has a certificate. */
function withScheme(value: string, page: URL | undefined): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return value;
  const host = new URL(`wss://${value}`).hostname;
  const encrypted = isLoopback(host) ? page?.protocol === 'https:' : true;
  return `${encrypted ? 'wss' : 'ws'}://${value}`;
}

/** True for hosts on this machine, which need no network. */
export function isLoopback(hostname: string): boolean {
  return hostname.endsWith('.localhost') || isThisMachine(hostname);
}

/** As `isLoopback`, but only for hosts that every browser looks for on this machine alone. */
export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
