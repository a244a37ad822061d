/** The paths of the default namespace of a relay. Those of an app are below them. */
const syncRoot = 'sync';
const noticeRoot = 'ws';

/** The parts of a namespace's surface. `sync`: WebSockets, channels over HTTP, and pushes. `ws`: notices. The others have a path below that of `sync`. */
export type SyncPart = 'sync' | 'ws' | 'pull' | 'nonce' | 'token' | 'erase' | 'export';

/**
 * An app's ID, by which relays keep its data apart: lower-case letters, digits and hyphens, at most 63; but not the name of a part,
 * whose path below that of the default namespace would be the same.
 */
export function isAppID(text: unknown): text is string {
  return (
    typeof text === 'string' && /^(?!(?:pull|nonce|token|erase|export)$)[a-z0-9][a-z0-9-]{0,62}$/.test(text)
  );
}

export interface SyncPlace {
  /** Undefined for the default namespace. */
  readonly appID: string | undefined;
  readonly part: SyncPart;
}

/** Undefined if the path is not one for clients. */
export function readSyncPath(path: string): SyncPlace | undefined {
  const [root, ...names] = path.slice(1).split('/');
  if (!path.startsWith('/') || names.length > 2) return undefined;
  if (root === noticeRoot) return placeOf(names, 'ws');
  if (root !== syncRoot) return undefined;
  const part = names.at(-1) ?? '';
  return isPartBelow(part) ? placeOf(names.slice(0, -1), part) : placeOf(names, 'sync');
}

function placeOf([appID, ...rest]: readonly string[], part: SyncPart): SyncPlace | undefined {
  return rest.length > 0 || (appID !== undefined && !isAppID(appID)) ? undefined : { appID, part };
}

function isPartBelow(text: string): text is SyncPart {
  return /^(?:pull|nonce|token|erase|export)$/.test(text);
}
