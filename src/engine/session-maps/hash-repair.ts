import type { CryptoProvider } from 'cojson';

type SessionMap = ReturnType<CryptoProvider['createSessionMap']>;
type SignerSecret = Parameters<CryptoProvider['getSignerID']>[0];

/**
 * In cojson 0.20 a session map's hash goes astray twice, and from then on the session's true author is refused:
 * - Transactions with a false signature are refused, but stay in the hash: any stranger could silence anybody.
 * - Transactions that are made here do not come into it as they do where they are received: what another run of this
 *   session wrote on top of them, in a tab that took it over, is refused here.
 * In both cases the map is made anew from what it had taken.
 */
export function healSessionMaps<Crypto extends CryptoProvider>(crypto: Crypto): Crypto {
  const create = crypto.createSessionMap.bind(crypto);
  crypto.createSessionMap = (...options) => createHealingSessionMap(() => create(...options), crypto);
  return crypto;
}

function createHealingSessionMap(create: () => SessionMap, crypto: CryptoProvider): SessionMap {
  let map = create();
  const signersBySession = new Map<string, string>();
  const writtenHere = new Set<string>();

  function written(sessionID: string, signerSecret: string): void {
    writtenHere.add(sessionID);
    if (!signersBySession.has(sessionID)) {
      signersBySession.set(sessionID, crypto.getSignerID(signerSecret as SignerSecret));
    }
  }

  function copy(): SessionMap {
    writtenHere.clear();
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
      if (writtenHere.has(sessionID)) map = copy();
      try {
        map.addTransactions(sessionID, signerID, transactionsJson, signature, skipVerify);
      } catch (error) {
        map = copy();
        throw error;
      }
      if (signerID !== undefined) signersBySession.set(sessionID, signerID);
    },
    makeNewPrivateTransaction(sessionID, signerSecret, ...rest) {
      written(sessionID, signerSecret);
      return map.makeNewPrivateTransaction(sessionID, signerSecret, ...rest);
    },
    makeNewTrustingTransaction(sessionID, signerSecret, ...rest) {
      written(sessionID, signerSecret);
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
