import type { CryptoProvider } from 'cojson';

type SessionMap = ReturnType<CryptoProvider['createSessionMap']>;
type SignerSecret = Parameters<CryptoProvider['getSignerID']>[0];

/**
 * In cojson 0.20, transactions with a false signature are refused, but stay in the hash over their session: from then
 * on its true author is refused as well, so that any stranger could silence anybody. A session map that has refused
 * something is therefore made anew from what it had taken.
 */
export function healSessionMaps<Crypto extends CryptoProvider>(crypto: Crypto): Crypto {
  const create = crypto.createSessionMap.bind(crypto);
  crypto.createSessionMap = (...options) => createHealingSessionMap(() => create(...options), crypto);
  return crypto;
}

function createHealingSessionMap(create: () => SessionMap, crypto: CryptoProvider): SessionMap {
  let map = create();
  const signersBySession = new Map<string, string>();

  function signedWith(sessionID: string, signerSecret: string): void {
    if (!signersBySession.has(sessionID)) {
      signersBySession.set(sessionID, crypto.getSignerID(signerSecret as SignerSecret));
    }
  }

  function copy(): SessionMap {
    const healed = create();
    for (const sessionID of map.getSessionIds()) copySession(map, healed, sessionID, signersBySession);
    if (map.isStreaming()) {
      healed.setStreamingKnownState(JSON.stringify(map.getKnownStateWithStreaming()?.sessions ?? {}));
    }
    if (map.isDeleted()) healed.markAsDeleted();
    return healed;
  }

  return {
    addTransactions(sessionID, signerID, transactionsJson, signature, skipVerify) {
      try {
        map.addTransactions(sessionID, signerID, transactionsJson, signature, skipVerify);
      } catch (error) {
        map = copy();
        throw error;
      }
      if (signerID !== undefined) signersBySession.set(sessionID, signerID);
    },
    makeNewPrivateTransaction(sessionID, signerSecret, ...rest) {
      signedWith(sessionID, signerSecret);
      return map.makeNewPrivateTransaction(sessionID, signerSecret, ...rest);
    },
    makeNewTrustingTransaction(sessionID, signerSecret, ...rest) {
      signedWith(sessionID, signerSecret);
      return map.makeNewTrustingTransaction(sessionID, signerSecret, ...rest);
    },
    getHeader: () => map.getHeader(),
    getSessionIds: () => map.getSessionIds(),
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

/** Each part ends where a signature is kept, so that they all stay; verifying it again also brings the hash along. */
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
