/** The path of the default namespace of a relay. That of an app is below it. */
const syncPath = '/sync';

/** An app's ID, by which relays keep its data apart: lower-case letters, digits and hyphens, at most 63. */
export function isAppID(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
}

export interface SyncPlace {
  /** Undefined for the default namespace. */
  readonly appID: string | undefined;
}

/** Undefined if the path is not one for clients. */
export function readSyncPath(path: string): SyncPlace | undefined {
  if (path === syncPath) return { appID: undefined };
  const appID = path.startsWith(`${syncPath}/`) ? path.slice(syncPath.length + 1) : '';
  return isAppID(appID) ? { appID } : undefined;
}
