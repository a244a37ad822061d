/** The path of the default namespace of a relay. That of an app is below it. */
const syncPath = '/sync';

/** The parts of a namespace's surface. `sync`: WebSockets, channels over HTTP, and pushes. The others have a path below it. */
export type SyncPart = 'sync' | 'pull' | 'nonce' | 'token';

/**
 * An app's ID, by which relays keep its data apart: lower-case letters, digits and hyphens, at most 63; but not the name of a part,
 * whose path below that of the default namespace would be the same.
 */
export function isAppID(text: unknown): text is string {
  return typeof text === 'string' && /^(?!(?:pull|nonce|token)$)[a-z0-9][a-z0-9-]{0,62}$/.test(text);
}

export interface SyncPlace {
  /** Undefined for the default namespace. */
  readonly appID: string | undefined;
  readonly part: SyncPart;
}

/** Undefined if the path is not one for clients. */
export function readSyncPath(path: string): SyncPlace | undefined {
  const [root, ...names] = path.slice(1).split('/');
  if (!path.startsWith('/') || `/${root ?? ''}` !== syncPath || names.length > 2) return undefined;
  const part = names.at(-1) ?? '';
  const place = isPartBelow(part) ? { names: names.slice(0, -1), part } : { names, part: 'sync' as const };
  const [appID, ...rest] = place.names;
  if (rest.length > 0 || (appID !== undefined && !isAppID(appID))) return undefined;
  return { appID, part: place.part };
}

function isPartBelow(text: string): text is SyncPart {
  return /^(?:pull|nonce|token)$/.test(text);
}
