import { LocalNode, type AgentSecret, type CryptoProvider, type RawCoID, type SessionID } from 'cojson';
import { beginningOfTimeMs } from './version-1.ts';

/**
 * The node of a session. In cojson the later time wins, so that a clock that is wrong would decide what stands. It is
 * corrected by what relays say where it is off by up to a day (`sync` passes that on); and whatever the clock says, an
 * edit is later than all that its author had seen of the CoValue.
 *
 * One crypto provider for each session: what is made with it is timed by this node.
 */
export function createSessionNode(
  crypto: CryptoProvider,
  agentSecret: AgentSecret,
  sessionID: SessionID,
): LocalNode {
  const createSessionMap = crypto.createSessionMap.bind(crypto);
  crypto.createSessionMap = (coValueID, ...rest) => {
    const map = createSessionMap(coValueID, ...rest);
    const makePrivate = map.makeNewPrivateTransaction.bind(map);
    const makeTrusting = map.makeNewTrustingTransaction.bind(map);
    map.makeNewPrivateTransaction = (session, signer, changes, keyID, keySecret, meta, madeAt) =>
      makePrivate(session, signer, changes, keyID, keySecret, meta, afterKnown(coValueID, madeAt));
    map.makeNewTrustingTransaction = (session, signer, changes, meta, madeAt) =>
      makeTrusting(session, signer, changes, meta, afterKnown(coValueID, madeAt));
    return map;
  };
  const node = new LocalNode(agentSecret, sessionID, crypto, undefined, undefined, {
    experimental_clockSyncFromServerPings: true,
  });

  function afterKnown(id: RawCoID, madeAtMs: number): number {
    // What is made once, at the beginning of time, stays there; other nodes' CoValues are theirs to time.
    if (madeAtMs === beginningOfTimeMs || !node.isCoValueInMemory(id)) return madeAtMs;
    const knownMs = node.getCoValue(id).latestTxMadeAt;
    // Of the same time and session the order counts, so that a burst of edits does not run ahead of the clock.
    return knownMs > madeAtMs && knownMs < Number.MAX_SAFE_INTEGER ? knownMs + 1 : madeAtMs;
  }

  return node;
}
