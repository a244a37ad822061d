import type { CojsonInternalTypes, CoValueHeader, RawCoID, SessionID } from 'cojson';

export type NewContent = CojsonInternalTypes.NewContentMessage;
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
