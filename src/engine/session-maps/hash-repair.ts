import type { CryptoProvider } from 'cojson';
import type { SessionMap, SessionMapLayer } from './session-maps.ts';

type SignerSecret = Parameters<CryptoProvider['getSignerID']>[0];

/** Rejected sessions of one CoValue; they take memory until the map is rebuilt. */
const mostRejected = 1_000;

/**
 * Repairs the hash that signatures are checked against. In cojson 0.20 it goes wrong in two ways, after which
 * edits by the session's true author are refused:
 *
 * - Transactions with a false signature are rejected but stay in the hash, so any stranger could silence an author.
 * - Transactions made in this map are hashed differently from received ones, so those that another run of the session
 *   adds on top of them, for example in a tab that took the session over, are refused.
 *
 * In both cases, the map is rebuilt from the transactions that it had accepted, once the session goes on: the signatures of
 * all sessions are verified again, so whoever sends many false ones would stop everything else.
 */
export function repairHashes(crypto: CryptoProvider): SessionMapLayer {
  const signerIDs = new Map<string, string>();
  return (createBelow) => createRepairedMap(createBelow, signerIDOf);

  /** Derived once, and not for each CoValue: a session signs with one secret. */
  function signerIDOf(secret: string): string {
    const id = signerIDs.get(secret) ?? crypto.getSignerID(secret as SignerSecret);
    signerIDs.set(secret, id);
    return id;
  }
}

function createRepairedMap(create: () => SessionMap, signerIDOf: (secret: string) => string): SessionMap {
  let map = create();
  const signersBySession = new Map<string, string>();
  const writtenHere = new Set<string>();
  const rejected = new Set<string>();

  function noteWrite(sessionID: string, signerSecret: string): void {
    if (rejected.has(sessionID)) map = rebuild();
    writtenHere.add(sessionID);
    if (!signersBySession.has(sessionID)) signersBySession.set(sessionID, signerIDOf(signerSecret));
  }

  function rebuild(): SessionMap {
    writtenHere.clear();
    rejected.clear();
    const rebuilt = create();
    for (const sessionID of map.getSessionIds()) copySession(map, rebuilt, sessionID, signersBySession);
    if (map.isStreaming()) {
      rebuilt.setStreamingKnownState(JSON.stringify(map.getKnownStateWithStreaming()?.sessions ?? {}));
    }
    if (map.isDeleted()) rebuilt.markAsDeleted();
    return rebuilt;
  }

  return {
    addTransactions(sessionID, signerID, transactionsJson, signature, skipVerify) {
      if (writtenHere.has(sessionID) || rejected.has(sessionID)) map = rebuild();
      try {
        map.addTransactions(sessionID, signerID, transactionsJson, signature, skipVerify);
      } catch (error) {
        if (rejected.add(sessionID).size > mostRejected) map = rebuild();
        throw error;
      }
      if (signerID !== undefined) signersBySession.set(sessionID, signerID);
    },
    makeNewPrivateTransaction(sessionID, signerSecret, ...rest) {
      noteWrite(sessionID, signerSecret);
      return map.makeNewPrivateTransaction(sessionID, signerSecret, ...rest);
    },
    makeNewTrustingTransaction(sessionID, signerSecret, ...rest) {
      noteWrite(sessionID, signerSecret);
      return map.makeNewTrustingTransaction(sessionID, signerSecret, ...rest);
    },
    getHeader: () => map.getHeader(),
    // Of a new session that was rejected, an empty one is left.
    getSessionIds: () =>
      map.getSessionIds().filter((id) => !rejected.has(id) || map.getTransactionCount(id) > 0),
    getTransactionCount: (sessionID) => map.getTransactionCount(sessionID),
    getTransaction: (sessionID, index) => map.getTransaction(sessionID, index),
    getSessionTransactions: (sessionID, from) => map.getSessionTransactions(sessionID, from),
    getLastSignature: (sessionID) => map.getLastSignature(sessionID),
    getSignatureAfter: (sessionID, index) => map.getSignatureAfter(sessionID, index),
    getLastSignatureCheckpoint: (sessionID) => map.getLastSignatureCheckpoint(sessionID),
    getKnownState: () => map.getKnownState(),
    getKnownStateWithStreaming: () => map.getKnownStateWithStreaming(),
    isStreaming: () => map.isStreaming(),
    setStreamingKnownState: (sessions) => map.setStreamingKnownState(sessions),
    markAsDeleted: () => map.markAsDeleted(),
    isDeleted: () => map.isDeleted(),
    decryptTransaction: (...place) => map.decryptTransaction(...place),
    decryptTransactionMeta: (...place) => map.decryptTransactionMeta(...place),
  };
}

/** Copies up to each stored signature, so that all of them are kept. Verifying them again also builds the hash. */
function copySession(
  from: SessionMap,
  to: SessionMap,
  sessionID: string,
  signersBySession: ReadonlyMap<string, string>,
): void {
  const transactions = from.getSessionTransactions(sessionID, 0) ?? [];
  let start = 0;
  for (let end = 1; end <= transactions.length; end++) {
    const isLast = end === transactions.length;
    const signature =
      from.getSignatureAfter(sessionID, end - 1) ?? (isLast ? from.getLastSignature(sessionID) : undefined);
    if (signature === undefined) continue;
    const part = JSON.stringify(transactions.slice(start, end));
    to.addTransactions(sessionID, signersBySession.get(sessionID), part, signature, false);
    start = end;
  }
}
