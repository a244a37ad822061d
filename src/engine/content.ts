import type { CojsonInternalTypes, CoValueHeader, LocalNode, RawCoID, SessionID } from 'cojson';

export type Content = CojsonInternalTypes.NewContentMessage;
export type SessionContent = CojsonInternalTypes.SessionNewContent;
export type Transaction = CojsonInternalTypes.Transaction;
export type Signature = CojsonInternalTypes.Signature;
export type KnownState = CojsonInternalTypes.CoValueKnownState;
export type { CoValueHeader, RawCoID, SessionID };

export function sessionsOf(content: Content): [SessionID, SessionContent][] {
  return Object.entries(content.new) as [SessionID, SessionContent][];
}

/** The session ID of the transactions that make an account. Running sessions have random IDs, so none has this one. */
export const genesisSession = 'session_zAjszg3RAw2';

/** The account or agent that writes under the session ID. */
export function authorOf(sessionID: string): string {
  return sessionID.slice(0, sessionID.indexOf('_session_'));
}

/** The account of a node and its agent, which writes the account itself. Known before the account is loaded. */
export function ownAuthors(node: LocalNode): readonly string[] {
  return [node.getCurrentAccountOrAgentID(), node.crypto.getAgentID(node.agentSecret)];
}

export function isOwnSession(node: LocalNode, sessionID: string): boolean {
  return ownAuthors(node).includes(authorOf(sessionID));
}

/** The session in which a node writes, of its account and of its agent. */
export function currentSessions(node: LocalNode): readonly string[] {
  const { currentSessionID } = node;
  const suffix = currentSessionID.slice(currentSessionID.indexOf('_session_'));
  return ownAuthors(node).map((author) => `${author}${suffix}`);
}

/** The group or account that owns a CoValue. A group or account decides about itself. */
export function ownerOf(id: string, { ruleset }: Pick<CoValueHeader, 'ruleset'>): string {
  return ruleset.type === 'ownedByGroup' ? ruleset.group : id;
}

/** A session of this form holds only a deletion, and is kept when the rest of the CoValue is erased. */
export function isDeleteSession(sessionID: string): boolean {
  return sessionID.endsWith('$');
}

export function contentBytes(content: Content): number {
  let bytes = 0;
  for (const [, { newTransactions }] of sessionsOf(content)) {
    for (const transaction of newTransactions) bytes += transactionBytes(transaction);
  }
  return bytes;
}

/** Counts as cojson does, so that signatures are stored at the same transactions. */
export function transactionBytes(transaction: Transaction): number {
  return transaction.privacy === 'private' ? transaction.encryptedChanges.length : transaction.changes.length;
}
