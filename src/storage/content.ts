import type { CojsonInternalTypes, CoValueHeader, RawCoID, SessionID, SyncMessage } from 'cojson';

/** Not by cojson's namespace of types, as it is in the package's own types, where such a namespace does not survive bundling. */
export type NewContent = Extract<SyncMessage, { readonly action: 'content' }>;
export type SessionContent = CojsonInternalTypes.SessionNewContent;
export type Transaction = CojsonInternalTypes.Transaction;
export type Signature = CojsonInternalTypes.Signature;
export type KnownState = CojsonInternalTypes.CoValueKnownState;
export type { CoValueHeader, RawCoID, SessionID };

export function sessionsOf(content: NewContent): [SessionID, SessionContent][] {
  return Object.entries(content.new) as [SessionID, SessionContent][];
}

/** Sessions of this form hold nothing but a deletion, and stay when the rest is erased. */
export function isDeleteSession(sessionID: string): boolean {
  return sessionID.endsWith('$');
}
